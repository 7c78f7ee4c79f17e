/* Reads ELF files, as linkers make them. Source: Tool Interface Standard ELF 1.2. */
#include <elf.h>
#include <string.h>

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
        return FAIL(file,
                    "%s is a program for another machine (ELF machine %u); an STM32F103 needs 32-bit ARM",
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

/*
 * Section by section, each at the physical address its segment gives it. A segment as a whole may begin with
 * the ELF header itself (GNU ld does that when there is room before the first section), which is not for the
 * flash.
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
        image_add_piece(image, file->path, segment.p_paddr + (section.sh_offset - segment.p_offset),
                        file->bytes + section.sh_offset, section.sh_size);
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
        image_add_piece(image, file->path, segment.p_paddr, file->bytes + segment.p_offset, segment.p_filesz);
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
    return image->count > before || FAIL(file, "%s holds nothing to load", file->path);
}
