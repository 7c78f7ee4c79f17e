/* Reads ELF files, as linkers make them. Source: Tool Interface Standard ELF 1.2. */
#include <stdio.h>
#include <string.h>

#include "elf_format.h"
#include "image_private.h"

static bool inside_file(const struct source *file, uint64_t offset, uint64_t length)
{
    return offset + length <= file->length;
}

/* Headers need not be aligned in the file: they are copied out. */
static bool read_at(const struct source *file, uint64_t offset, void *to, size_t length)
{
    if (!inside_file(file, offset, length))
        return FAIL(file, "%s is cut short: it ends before a header that it announces", file->path);
    memcpy(to, file->bytes + offset, length);
    return true;
}

bool image_is_elf(const struct source *file)
{
    return file->length >= SELFMAG && memcmp(file->bytes, ELFMAG, SELFMAG) == 0;
}

static bool read_elf_header(const struct source *file, Elf32_Ehdr *header)
{
    if (!read_at(file, 0, header, sizeof *header))
        return false;
    if (header->e_ident[EI_CLASS] != ELFCLASS32 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_machine != EM_ARM)
        return FAIL(file, "%s is a program for another machine (ELF machine %u); an STM32 needs 32-bit ARM",
                    file->path, header->e_machine);
    if (header->e_type != ET_EXEC || header->e_phnum == 0)
        return FAIL(file, "%s is not a linked program; give the ELF file that the linker made", file->path);
    if (header->e_phentsize != sizeof(Elf32_Phdr) ||
        (header->e_shnum && header->e_shentsize != sizeof(Elf32_Shdr)))
        return FAIL(file, "%s is damaged: the sizes in its ELF header make no sense", file->path);
    return true;
}

/* The segment that loads these bytes of the file, in *segment. */
static bool find_segment(const struct source *file, const Elf32_Ehdr *header, const Elf32_Shdr *section,
                         Elf32_Phdr *segment)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (!read_at(file, header->e_phoff + (uint64_t)i * sizeof *segment, segment, sizeof *segment))
            return false;
        if (segment->p_type == PT_LOAD && section->sh_offset >= segment->p_offset &&
            (uint64_t)section->sh_offset + section->sh_size <=
                (uint64_t)segment->p_offset + segment->p_filesz)
            return true;
    }
    return FAIL(file, "%s is damaged: a section of it belongs to no segment", file->path);
}

/* The name of a section, "" if the file's table of them makes no sense. */
static void read_name(const struct source *file, const Elf32_Ehdr *header, const Elf32_Shdr *section,
                      char name[IMAGE_SECTION])
{
    Elf32_Shdr strings;
    uint64_t at = header->e_shoff + (uint64_t)header->e_shstrndx * sizeof strings;
    name[0] = '\0';
    if (header->e_shstrndx == SHN_UNDEF || !inside_file(file, at, sizeof strings))
        return;
    memcpy(&strings, file->bytes + at, sizeof strings);
    at = (uint64_t)strings.sh_offset + section->sh_name;
    for (unsigned i = 0; i < IMAGE_SECTION - 1 && inside_file(file, at + i, 1); i++) {
        char c = (char)file->bytes[at + i];
        if (c <= ' ' || c > '~')
            return;
        name[i] = c;
        name[i + 1] = '\0';
    }
}

/* Section or segment: what is for the flash. */
static bool add_part(struct image *image, const struct source *file, uint32_t address, uint32_t offset,
                     uint32_t length, const char *name)
{
    if (image_is_for_ram(image, address, length, name))
        return true;
    if (!image_add_piece(image, file, address, file->bytes + offset, length))
        return false;
    snprintf(image->pieces[image->count - 1].section, IMAGE_SECTION, "%s", name);
    return true;
}

/*
 * Section by section, each at the physical address its segment gives it. A segment as a whole may
 * begin with the ELF header itself (GNU ld does that when there is room before the first
 * section), which is not for the flash.
 */
static bool add_elf_sections(struct image *image, const struct source *file, const Elf32_Ehdr *header)
{
    for (unsigned i = 0; i < header->e_shnum; i++) {
        Elf32_Shdr section;
        Elf32_Phdr segment;
        if (!read_at(file, header->e_shoff + (uint64_t)i * sizeof section, &section, sizeof section))
            return false;
        if (!(section.sh_flags & SHF_ALLOC) || section.sh_type == SHT_NOBITS || section.sh_size == 0)
            continue;
        if (!inside_file(file, section.sh_offset, section.sh_size))
            return FAIL(file, "%s is cut short: a section of it is missing", file->path);
        if (!find_segment(file, header, &section, &segment))
            return false;
        char name[IMAGE_SECTION];
        read_name(file, header, &section, name);
        uint32_t address = segment.p_paddr + (section.sh_offset - segment.p_offset);
        if (!add_part(image, file, address, section.sh_offset, section.sh_size, name))
            return false;
    }
    return true;
}

static bool add_elf_segments(struct image *image, const struct source *file, const Elf32_Ehdr *header)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        Elf32_Phdr segment;
        if (!read_at(file, header->e_phoff + (uint64_t)i * sizeof segment, &segment, sizeof segment))
            return false;
        if (segment.p_type != PT_LOAD || segment.p_filesz == 0)
            continue;
        if (!inside_file(file, segment.p_offset, segment.p_filesz))
            return FAIL(file, "%s is cut short: a segment of it is missing", file->path);
        char name[IMAGE_SECTION];
        snprintf(name, sizeof name, "segment %u", i);
        if (!add_part(image, file, segment.p_paddr, segment.p_offset, segment.p_filesz, name))
            return false;
    }
    return true;
}

bool image_add_elf(struct image *image, const struct source *file)
{
    Elf32_Ehdr header;
    size_t before = image->count;
    if (!read_elf_header(file, &header))
        return false;
    if (!(header.e_shnum ? add_elf_sections : add_elf_segments)(image, file, &header))
        return false;
    return image_is_not_empty(image, before, file);
}
