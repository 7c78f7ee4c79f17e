/* Firmware files: what is read from good ones, what is said about bad ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/image.h"

enum { FLASH_BYTES = 64 * 1024, PAGE_BYTES = 1024, BIN_ADDRESS = FLASH_BASE + 0x2000 };

struct fixture {
    struct image image;
    char folder[32];
    char path[64], other_path[64];
    char error[512];
    uint8_t flash[FLASH_BYTES];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->folder, "/tmp/test_image.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    memset(f->flash, 0x55, sizeof f->flash);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    image_free(&f->image);
    if (f->path[0])
        unlink(f->path);
    if (f->other_path[0])
        unlink(f->other_path);
    rmdir(f->folder);
    free(f);
    return 0;
}

static void write_to(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

static bool add(struct fixture *f, const char *name, const void *bytes, size_t length)
{
    snprintf(f->path, sizeof f->path, "%s/%s", f->folder, name);
    write_to(f->path, bytes, length);
    return image_add(&f->image, f->path, BIN_ADDRESS, f->error, sizeof f->error);
}

static bool add_text(struct fixture *f, const char *name, const char *text)
{
    return add(f, name, text, strlen(text));
}

static bool burn(struct fixture *f)
{
    return image_burn(&f->image, f->flash, FLASH_BYTES, PAGE_BYTES, 0xFF, f->error, sizeof f->error);
}

static void assert_said(const struct fixture *f, const char *what)
{
    if (!strstr(f->error, what))
        fail_msg("expected '%s' in '%s'", what, f->error);
    if (f->path[0] && !strstr(f->error, f->path))
        fail_msg("'%s' does not name the file %s", f->error, f->path);
}

static void assert_refused(struct fixture *f, bool added, const char *what)
{
    assert_false(added);
    assert_said(f, what);
    assert_int_equal(f->image.count, 0);
}

/* ---- binary ---- */

static void a_bin_goes_where_it_is_told(void **state)
{
    struct fixture *f = *state;
    assert_true(add_text(f, "a.bin", "hello"));
    assert_true(burn(f));
    assert_memory_equal(f->flash + 0x2000, "hello\xFF", 6);
}

static void the_pages_touched_are_erased_and_no_others(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[PAGE_BYTES + 1] = {0};
    assert_true(add(f, "a.bin", bytes, sizeof bytes));
    assert_true(burn(f));
    assert_int_equal(f->flash[0x1FFF], 0x55);
    assert_int_equal(f->flash[0x2000 + PAGE_BYTES], 0);
    assert_int_equal(f->flash[0x2000 + PAGE_BYTES + 1], 0xFF);
    assert_int_equal(f->flash[0x2000 + 2 * PAGE_BYTES - 1], 0xFF);
    assert_int_equal(f->flash[0x2000 + 2 * PAGE_BYTES], 0x55);
}

static void an_image_may_fill_the_flash_to_its_last_byte(void **state)
{
    struct fixture *f = *state;
    static uint8_t bytes[FLASH_BYTES - 0x2000];
    assert_true(add(f, "a.bin", bytes, sizeof bytes));
    assert_true(burn(f));
    assert_int_equal(f->flash[FLASH_BYTES - 1], 0);
}

static void an_image_one_byte_too_long_is_refused_and_nothing_changes(void **state)
{
    struct fixture *f = *state;
    static uint8_t bytes[FLASH_BYTES - 0x2000 + 1];
    assert_true(add(f, "a.bin", bytes, sizeof bytes));
    assert_false(burn(f));
    assert_said(f, "does not fit");
    assert_said(f, "64 KiB");
    assert_int_equal(f->flash[0x2000], 0x55);
}

static void an_address_at_the_end_of_the_address_space_does_not_wrap(void **state)
{
    struct fixture *f = *state;
    snprintf(f->path, sizeof f->path, "%s/a.bin", f->folder);
    write_to(f->path, "12345678", 8);
    assert_true(image_add(&f->image, f->path, 0xFFFFFFFC, f->error, sizeof f->error));
    assert_false(burn(f));
    assert_said(f, "does not fit");
}

static void two_files_at_one_address_are_refused_by_name(void **state)
{
    struct fixture *f = *state;
    snprintf(f->other_path, sizeof f->other_path, "%s/b.bin", f->folder);
    write_to(f->other_path, "12", 2);
    assert_true(add_text(f, "a.bin", "hello"));
    assert_true(image_add(&f->image, f->other_path, BIN_ADDRESS + 4, f->error, sizeof f->error));
    assert_false(burn(f));
    assert_said(f, "b.bin both want address 0x08002004");
    assert_int_equal(f->flash[0x2000], 0x55);
}

static void two_files_in_one_page_are_both_there(void **state)
{
    struct fixture *f = *state;
    snprintf(f->other_path, sizeof f->other_path, "%s/b.bin", f->folder);
    write_to(f->other_path, "12", 2);
    assert_true(add_text(f, "a.bin", "hello"));
    assert_true(image_add(&f->image, f->other_path, BIN_ADDRESS + 5, f->error, sizeof f->error));
    assert_true(burn(f));
    assert_memory_equal(f->flash + 0x2000, "hello12\xFF", 8);
}

static void an_empty_file_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, add_text(f, "a.bin", ""), "is empty");
}

static void a_missing_file_is_named(void **state)
{
    struct fixture *f = *state;
    assert_false(image_add(&f->image, "/nowhere/x.bin", 0, f->error, sizeof f->error));
    assert_string_equal(f->error, "there is no file /nowhere/x.bin");
}

static void a_folder_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_false(image_add(&f->image, "/tmp", 0, f->error, sizeof f->error));
    assert_said(f, "/tmp cannot be read");
}

/* ---- Intel HEX ---- */

static const char good_hex[] = ":020000040800F2\r\n"
                               ":04200000DEADBEEFA4\r\n"
                               ":042004000102030"
                               "4CE\n"
                               "\n"
                               ":04000005080020"
                               "01CE\n"
                               ":00000001FF\n"
                               "nothing after the end record counts";

static void a_hex_file_says_its_addresses(void **state)
{
    struct fixture *f = *state;
    assert_true(add_text(f, "a.HEX", good_hex));
    assert_int_equal(f->image.count, 1);
    assert_true(burn(f));
    assert_memory_equal(f->flash + 0x2000, "\xDE\xAD\xBE\xEF\x01\x02\x03\x04\xFF", 9);
}

static void a_hex_file_may_use_segment_addresses(void **state)
{
    struct fixture *f = *state;
    assert_true(add_text(f, "a.hex", ":020000021000EC\n:0110000042AD\n:00000001FF\n"));
    assert_int_equal(f->image.pieces[0].address, 0x11000);
}

static void a_hex_file_with_a_wrong_checksum_is_refused_by_line(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, add_text(f, "a.hex", ":020000040800F2\n:04200000DEADBEEFA5\n:00000001FF\n"),
                   "line 2 has a wrong checksum");
}

static void a_hex_file_with_a_bad_digit_is_refused_by_line(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, add_text(f, "a.hex", ":0200000408G0F2\n"), "line 1 has something that is no hex");
}

static void a_hex_file_with_a_short_line_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, add_text(f, "a.hex", ":042000\n"), "line 1 has a line of the wrong length");
    assert_refused(f, add_text(f, "a.hex", ":04200000DEADBEA4\n"), "another length than it says");
}

/* As tools in the wild write them. */
static void a_hex_file_may_have_any_ends_of_lines_blanks_and_comments(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {
        ":0100000042BD\r:00000001FF\r",
        ":0100000042BD\r\n\r\n:00000001FF\r\n\x1A",
        "\n  :0100000042BD\t\r\r\n:00000001FF",
        "\xEF\xBB\xBF:0100000042BD\n:00000001FF\n",
        "; made by an assembler\n#\n:0100000042BD\n# 42\n:00000001FF\n; end\n",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_true(add_text(f, "a.hex", files[i]));
        assert_int_equal(f->image.count, 1);
        assert_int_equal(f->image.pieces[0].length, 1);
        assert_int_equal(f->image.pieces[0].bytes[0], 0x42);
        image_free(&f->image);
    }
}
/* A record that lost its colon is no comment. */
static void a_damaged_record_is_no_comment(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, add_text(f, "a.hex", ":0100000042BD\r;0100010042BC\r:00000001FF\r"), "line 2 has");
}
static void a_hex_file_that_is_something_else_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, add_text(f, "a.hex", "hello\n"), "does not begin with ':'");
}

static void a_hex_file_without_an_end_record_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, add_text(f, "a.hex", ":020000040800F2\n:04200000DEADBEEFA4\n"), "no end record");
}

static void a_hex_file_with_nothing_in_it_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, add_text(f, "a.hex", ":00000001FF\n"), "nothing to load");
}

static void a_hex_file_with_a_byte_twice_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_true(add_text(f, "a.hex", ":020000040800F2\n:0110000042AD\n:0110000043AC\n:00000001FF\n"));
    assert_false(burn(f));
    assert_said(f, "two values for address 0x08001000");
}

static void a_hex_file_with_the_same_value_twice_is_taken(void **state)
{
    struct fixture *f = *state;
    assert_true(add_text(f, "a.hex",
                         ":020000040800F2\n:041000000102030"
                         "4E2\n:0110010002EC\n:0110030004E8\n:00000001FF\n"));
    assert_true(burn(f));
    assert_memory_equal(f->flash + 0x1000, "\1\2\3\4\xFF", 5);
}

static void a_byte_twice_behind_an_equal_one_is_still_found(void **state)
{
    struct fixture *f = *state;
    assert_true(add_text(f, "a.hex",
                         ":020000040800F2\n:041000000102030"
                         "4E2\n:0110010002EC\n:0110030005E7\n:00000001FF\n"));
    assert_false(burn(f));
    assert_said(f, "two values for address 0x08001003");
}

static void two_hex_files_in_one_are_refused(void **state)
{
    struct fixture *f = *state;
    assert_refused(f,
                   add_text(f, "a.hex",
                            ":0110000042AD\n:00000001FF\n:0120000042"
                            "9D\n:00000001FF\n"),
                   "several HEX files in one: line 3");
}

/* ---- what is no firmware ---- */

static bool add_program(struct fixture *f, const char *name, const void *bytes, size_t length)
{
    snprintf(f->path, sizeof f->path, "%s/%s", f->folder, name);
    write_to(f->path, bytes, length);
    return image_add(&f->image, f->path, FLASH_BASE, f->error, sizeof f->error);
}

static void other_files_are_not_taken_for_firmware(void **state)
{
    struct fixture *f = *state;
    static const char suffix[] = "\0\x50\0\x20 program \xFF\xFF\xFF\xFF\xFF\xFF\x10\1UFD\x10\1\2\3\4";
    assert_refused(f, add_program(f, "a.uf2", "UF2\nWQ]\x9E\0\x20\0\0", 12), "is a UF2 file");
    assert_refused(f, add_program(f, "a.dfu", "DfuSe\1\0\0\0\0\1", 11), "is a DfuSe file");
    assert_refused(f, add_program(f, "a.dfu", suffix, sizeof suffix - 1), "DFU suffix");
    assert_refused(f, add_program(f, "a.zip", "PK\3\4\x14\0\0\0", 8), "is an archive");
    assert_refused(f, add_program(f, "a.bin.gz", "\x1F\x8B\x08\0\0\0", 6), "is an archive");
    assert_refused(f, add_program(f, "main.c", "int main(void)\n{\n}\n", 19),
                   "does not look like firmware: it is text");
    assert_refused(f, add_program(f, "a.txt", ":00000001FF\r\n", 13), "let its name end with .hex");
}

/* Text somewhere else in the flash is data, and a vector table is no text. */
static void programs_and_data_are_taken(void **state)
{
    struct fixture *f = *state;
    assert_true(add_program(f, "a.img", "\0\x50\0\x20\x09\0\0\x08", 8));
    assert_true(add_text(f, "settings.txt", "name = value\n"));
    assert_true(burn(f));
}

/* ---- ELF ---- */

/* Header, two segments, three sections, and the data: as GNU ld lays out a file whose first
 * segment takes in the headers. */
struct elf {
    Elf32_Ehdr header;
    Elf32_Phdr segments[2];
    Elf32_Shdr sections[3];
    uint8_t text[8], data[4];
};

static struct elf good_elf(void)
{
    struct elf elf = {
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
                   .e_type = ET_EXEC,
                   .e_machine = EM_ARM,
                   .e_version = EV_CURRENT,
                   .e_phoff = offsetof(struct elf, segments),
                   .e_shoff = offsetof(struct elf, sections),
                   .e_ehsize = sizeof(Elf32_Ehdr),
                   .e_phentsize = sizeof(Elf32_Phdr),
                   .e_phnum = 2,
                   .e_shentsize = sizeof(Elf32_Shdr),
                   .e_shnum = 3},
        .text = "program",
        .data = "init",
    };
    elf.segments[0] = (Elf32_Phdr){.p_type = PT_LOAD,
                                   .p_offset = 0,
                                   .p_vaddr = BIN_ADDRESS - offsetof(struct elf, text),
                                   .p_paddr = BIN_ADDRESS - offsetof(struct elf, text),
                                   .p_filesz = offsetof(struct elf, data)};
    elf.segments[1] = (Elf32_Phdr){.p_type = PT_LOAD,
                                   .p_offset = offsetof(struct elf, data),
                                   .p_vaddr = 0x20000000,
                                   .p_paddr = BIN_ADDRESS + sizeof elf.text,
                                   .p_filesz = sizeof elf.data,
                                   .p_memsz = 100};
    elf.sections[0] = (Elf32_Shdr){.sh_type = SHT_PROGBITS,
                                   .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                                   .sh_addr = BIN_ADDRESS,
                                   .sh_offset = offsetof(struct elf, text),
                                   .sh_size = sizeof elf.text};
    elf.sections[1] = (Elf32_Shdr){.sh_type = SHT_PROGBITS,
                                   .sh_flags = SHF_ALLOC | SHF_WRITE,
                                   .sh_addr = 0x20000000,
                                   .sh_offset = offsetof(struct elf, data),
                                   .sh_size = sizeof elf.data};
    elf.sections[2] = (Elf32_Shdr){.sh_type = SHT_NOBITS, .sh_flags = SHF_ALLOC, .sh_size = 96};
    return elf;
}

/* The same with names for the first two of its sections. */
struct named_elf {
    struct elf elf;
    char names[16];
};

static struct named_elf named_elf(void)
{
    struct named_elf named = {.elf = good_elf(), .names = "\0.text\0.data"};
    named.elf.sections[0].sh_name = 1;
    named.elf.sections[1].sh_name = 7;
    named.elf.header.e_shstrndx = 2;
    named.elf.sections[2] = (Elf32_Shdr){
        .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct named_elf, names), .sh_size = sizeof named.names};
    return named;
}

static void an_elf_is_loaded_at_its_physical_addresses(void **state)
{
    struct fixture *f = *state;
    struct elf elf = good_elf();
    assert_true(add(f, "a.elf", &elf, sizeof elf));
    assert_true(burn(f));
    assert_memory_equal(f->flash + 0x2000, "program\0init\xFF", 13);
}

static void the_headers_of_an_elf_do_not_get_into_the_flash(void **state)
{
    struct fixture *f = *state;
    struct elf elf = good_elf();
    assert_true(add(f, "a.elf", &elf, sizeof elf));
    assert_true(burn(f));
    assert_int_equal(f->flash[0x1FFF], 0x55);
}

static void an_elf_without_sections_is_loaded_by_segments(void **state)
{
    struct fixture *f = *state;
    struct elf elf = good_elf();
    elf.header.e_shnum = 0;
    elf.segments[0].p_offset += offsetof(struct elf, text);
    elf.segments[0].p_paddr += offsetof(struct elf, text);
    elf.segments[0].p_filesz -= offsetof(struct elf, text);
    assert_true(add(f, "firmware", &elf, sizeof elf));
    assert_true(burn(f));
    assert_memory_equal(f->flash + 0x2000, "program\0init\xFF", 13);
}

static void an_elf_of_another_machine_is_refused(void **state)
{
    struct fixture *f = *state;
    struct elf elf = good_elf();
    elf.header.e_machine = EM_X86_64;
    assert_refused(f, add(f, "a.elf", &elf, sizeof elf), "another machine");
    elf = good_elf();
    elf.header.e_ident[EI_CLASS] = ELFCLASS64;
    assert_refused(f, add(f, "a.elf", &elf, sizeof elf), "another machine");
    elf = good_elf();
    elf.header.e_ident[EI_DATA] = ELFDATA2MSB;
    assert_refused(f, add(f, "a.elf", &elf, sizeof elf), "another machine");
}

static void an_object_file_is_refused(void **state)
{
    struct fixture *f = *state;
    struct elf elf = good_elf();
    elf.header.e_type = ET_REL;
    assert_refused(f, add(f, "a.elf", &elf, sizeof elf), "not a linked program");
}

/* OpenOCD writes the flash part too; what gdb writes into RAM is gone at the next power-on. */
static void what_an_elf_has_for_the_ram_is_left_out_and_named(void **state)
{
    struct fixture *f = *state;
    struct named_elf elf = named_elf();
    elf.elf.segments[1].p_paddr = 0x20000000;
    assert_true(add(f, "a.elf", &elf, sizeof elf));
    assert_int_equal(f->image.ram.address, 0x20000000);
    assert_int_equal(f->image.ram.length, sizeof elf.elf.data);
    assert_string_equal(f->image.ram.section, ".data");
    assert_true(burn(f));
    assert_memory_equal(f->flash + 0x2000, "program\0\xFF", 9);
}

static void a_file_for_the_ram_alone_is_refused(void **state)
{
    struct fixture *f = *state;
    struct elf elf = good_elf();
    elf.segments[0].p_paddr += 0x20000000 - BIN_ADDRESS;
    elf.segments[1].p_paddr = 0x20000100;
    assert_refused(f, add(f, "a.elf", &elf, sizeof elf), "is all for the RAM (0x20000000)");
    assert_refused(f, add_text(f, "a.hex", ":020000042000DA\n:0110000042AD\n:00000001FF\n"),
                   "is all for the RAM");
}

static void a_section_outside_of_the_flash_is_named(void **state)
{
    struct fixture *f = *state;
    struct named_elf elf = named_elf();
    elf.elf.segments[1].p_paddr = 0x10000000;
    assert_true(add(f, "a.elf", &elf, sizeof elf));
    assert_false(burn(f));
    assert_said(f, ".data of ");
    assert_said(f, "does not fit: it needs 0x10000000");
}

static void option_bytes_are_called_so(void **state)
{
    struct fixture *f = *state;
    struct named_elf elf = named_elf();
    elf.elf.segments[1].p_paddr = 0x1FFFF800;
    assert_true(add(f, "a.elf", &elf, sizeof elf));
    assert_false(burn(f));
    assert_said(f, ".data of ");
    assert_said(f, "option bytes (0x1ffff800)");
}

/* Thousands of sections that are all of the file would be copied thousands of times. */
static void sections_that_overlap_in_the_file_are_refused(void **state)
{
    struct fixture *f = *state;
    struct elf elf = good_elf();
    elf.sections[0].sh_offset = elf.sections[1].sh_offset = 0;
    elf.sections[0].sh_size = elf.sections[1].sh_size = sizeof elf;
    elf.segments[0].p_filesz = sizeof elf;
    assert_refused(f, add(f, "a.elf", &elf, sizeof elf), "overlap in the file");
}

static void a_name_outside_of_the_file_is_no_name(void **state)
{
    struct fixture *f = *state;
    struct named_elf elf = named_elf();
    elf.elf.sections[0].sh_name = 0xFFFFFF00;
    elf.elf.sections[1].sh_name = 0xFFFFFFFF;
    assert_true(add(f, "a.elf", &elf, sizeof elf));
    assert_string_equal(f->image.pieces[0].section, "");
    elf.elf.header.e_shstrndx = 0xFFFF;
    assert_true(add(f, "a.elf", &elf, sizeof elf));
}

static void an_elf_cut_short_anywhere_is_refused(void **state)
{
    struct fixture *f = *state;
    struct elf elf = good_elf();
    for (size_t length = SELFMAG; length < sizeof elf; length++)
        assert_refused(f, add(f, "a.elf", &elf, length), "cut short");
}

static void an_elf_whose_offsets_wrap_is_refused(void **state)
{
    struct fixture *f = *state;
    struct elf elf = good_elf();
    elf.sections[0].sh_offset = 0xFFFFFFFC;
    assert_refused(f, add(f, "a.elf", &elf, sizeof elf), "cut short");
    elf = good_elf();
    elf.header.e_phoff = 0xFFFFFFF0;
    assert_refused(f, add(f, "a.elf", &elf, sizeof elf), "cut short");
    elf = good_elf();
    elf.header.e_shnum = 0;
    elf.segments[1].p_filesz = 0xFFFFFFFF;
    assert_refused(f, add(f, "a.elf", &elf, sizeof elf), "cut short");
}

static void a_section_outside_of_every_segment_is_refused(void **state)
{
    struct fixture *f = *state;
    struct elf elf = good_elf();
    elf.segments[1].p_type = PT_NOTE;
    assert_refused(f, add(f, "a.elf", &elf, sizeof elf), "belongs to no segment");
}

static void something_else_named_elf_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, add_text(f, "a.elf", "hello"), "is not an ELF file");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_bin_goes_where_it_is_told),
        TEST(the_pages_touched_are_erased_and_no_others),
        TEST(an_image_may_fill_the_flash_to_its_last_byte),
        TEST(an_image_one_byte_too_long_is_refused_and_nothing_changes),
        TEST(an_address_at_the_end_of_the_address_space_does_not_wrap),
        TEST(two_files_at_one_address_are_refused_by_name),
        TEST(two_files_in_one_page_are_both_there),
        TEST(an_empty_file_is_refused),
        TEST(a_missing_file_is_named),
        TEST(a_folder_is_refused),
        TEST(a_hex_file_says_its_addresses),
        TEST(a_hex_file_may_use_segment_addresses),
        TEST(a_hex_file_with_a_wrong_checksum_is_refused_by_line),
        TEST(a_hex_file_with_a_bad_digit_is_refused_by_line),
        TEST(a_hex_file_with_a_short_line_is_refused),
        TEST(a_hex_file_may_have_any_ends_of_lines_blanks_and_comments),
        TEST(a_damaged_record_is_no_comment),
        TEST(a_hex_file_that_is_something_else_is_refused),
        TEST(a_hex_file_without_an_end_record_is_refused),
        TEST(a_hex_file_with_nothing_in_it_is_refused),
        TEST(a_hex_file_with_a_byte_twice_is_refused),
        TEST(a_hex_file_with_the_same_value_twice_is_taken),
        TEST(a_byte_twice_behind_an_equal_one_is_still_found),
        TEST(two_hex_files_in_one_are_refused),
        TEST(other_files_are_not_taken_for_firmware),
        TEST(programs_and_data_are_taken),
        TEST(an_elf_is_loaded_at_its_physical_addresses),
        TEST(the_headers_of_an_elf_do_not_get_into_the_flash),
        TEST(an_elf_without_sections_is_loaded_by_segments),
        TEST(an_elf_of_another_machine_is_refused),
        TEST(an_object_file_is_refused),
        TEST(what_an_elf_has_for_the_ram_is_left_out_and_named),
        TEST(a_file_for_the_ram_alone_is_refused),
        TEST(a_section_outside_of_the_flash_is_named),
        TEST(option_bytes_are_called_so),
        TEST(sections_that_overlap_in_the_file_are_refused),
        TEST(a_name_outside_of_the_file_is_no_name),
        TEST(an_elf_cut_short_anywhere_is_refused),
        TEST(an_elf_whose_offsets_wrap_is_refused),
        TEST(a_section_outside_of_every_segment_is_refused),
        TEST(something_else_named_elf_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
