/* What image_elf.c reads of an ELF file, by the names of the specification, as not every C library has
 * <elf.h>: Tool Interface Standard ELF 1.2, book I; EM_ARM: ELF for the Arm Architecture, 5.2. */
#pragma once

#include <stdint.h>

#define ELFMAG "\177ELF"

enum { SELFMAG = 4, EI_CLASS = 4, EI_DATA = 5, EI_NIDENT = 16 };
enum { ELFCLASS32 = 1, ELFDATA2LSB = 1, EM_ARM = 40, ET_EXEC = 2 };
enum { PT_LOAD = 1, SHT_NOBITS = 8, SHF_ALLOC = 2, SHN_UNDEF = 0 };

typedef struct {
    uint8_t e_ident[EI_NIDENT];
    uint16_t e_type, e_machine;
    uint32_t e_version, e_entry, e_phoff, e_shoff, e_flags;
    uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
} Elf32_Ehdr;

typedef struct {
    uint32_t p_type, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_flags, p_align;
} Elf32_Phdr;

typedef struct {
    uint32_t sh_name, sh_type, sh_flags, sh_addr, sh_offset, sh_size, sh_link, sh_info, sh_addralign,
        sh_entsize;
} Elf32_Shdr;

_Static_assert(sizeof(Elf32_Ehdr) == 52 && sizeof(Elf32_Phdr) == 32 && sizeof(Elf32_Shdr) == 40,
               "as in a file");
