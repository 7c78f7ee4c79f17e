/* The functions of the 16-bit instructions, one for each kind, by file. */
#pragma once

#include "private.h"

/* cortex_m3_thumb16_data.c */
m3_thumb16 narrow_lsl_immediate, narrow_lsr_immediate, narrow_asr_immediate, narrow_add_register,
    narrow_sub_register, narrow_add_immediate3, narrow_sub_immediate3, narrow_mov_immediate,
    narrow_cmp_immediate, narrow_add_immediate8, narrow_sub_immediate8, narrow_and_register,
    narrow_eor_register, narrow_orr_register, narrow_bic_register, narrow_mvn_register, narrow_mul_register,
    narrow_tst_register, narrow_lsl_register, narrow_lsr_register, narrow_asr_register, narrow_ror_register,
    narrow_adc_register, narrow_sbc_register, narrow_rsb_immediate, narrow_cmp_register, narrow_cmn_register,
    narrow_add_high, narrow_cmp_high, narrow_mov_high, narrow_adr, narrow_add_rd_sp, narrow_add_sp,
    narrow_sub_sp, narrow_sxth, narrow_sxtb, narrow_uxth, narrow_uxtb, narrow_rev, narrow_rev16, narrow_revsh;

/* cortex_m3_thumb16_memory.c */
m3_thumb16 narrow_ldr_literal, narrow_str_register, narrow_strh_register, narrow_strb_register,
    narrow_ldr_register, narrow_ldrh_register, narrow_ldrb_register, narrow_ldrsb_register,
    narrow_ldrsh_register, narrow_str_immediate, narrow_strh_immediate, narrow_strb_immediate,
    narrow_ldr_immediate, narrow_ldrh_immediate, narrow_ldrb_immediate, narrow_str_sp, narrow_ldr_sp,
    narrow_push, narrow_pop, narrow_stm, narrow_ldm;

/* cortex_m3_thumb16_control.c */
m3_thumb16 narrow_bx, narrow_blx, narrow_compare_and_branch, narrow_cps, narrow_bkpt, narrow_it_and_hints,
    narrow_branch_conditional, narrow_svc, narrow_branch, narrow_undefined;
