/* SPDX-License-Identifier: BSD-2-Clause */
#define OUTPUT_CPU   i386:x86-64
#define LOAD_ADDRESS 0x200000
#define ENTRY_SYMBOL pvh_entry
#define ENTRY_CHECK  ASSERT(note_end > note_begin, "no PVH note was linked")
