# SPDX-License-Identifier: BSD-2-Clause
# One Makefile, not recursive; everything is built under build/<arch>/ and build/host/.

ARCH ?= x86_64
VERSION := 0.1.0
BUILD := build/$(ARCH)
ELF := $(BUILD)/viommu-guest.elf
# What VMMs load: the ELF file by its PVH note or a bzImage, elsewhere a flat file with the CPU's Image
# header; everywhere a UEFI application, and a disk with it. PUBLISHED: by suffix, the names under
# build/images/.
IMAGE_x86_64 := $(ELF) $(addprefix $(BUILD)/viommu-guest.,bzimage efi disk)
IMAGE_aarch64 := $(addprefix $(BUILD)/viommu-guest.,image efi disk)
IMAGE_riscv64 := $(addprefix $(BUILD)/viommu-guest.,image efi disk)
IMAGE := $(IMAGE_$(ARCH))
PUBLISHED.elf := pvh.elf
PUBLISHED.bzimage := linux.bzimage
PUBLISHED.image := linux.image
PUBLISHED.efi := uefi.efi

CC := clang
LD := ld.lld
HOSTCC := clang

ifneq ($(word 2,$(CURDIR)),)
$(error the path of this folder, '$(CURDIR)', holds a blank: newlib's configure can't be run there)
endif

ARCHS := x86_64 aarch64 riscv64
ifeq ($(filter $(ARCH),$(ARCHS)),)
$(error ARCH=$(ARCH) is not known; one of: $(ARCHS))
endif
TARGET := $(ARCH)-unknown-none-elf
CPUFLAGS_x86_64 := -mno-red-zone -mcmodel=small
CPUFLAGS_aarch64 := -mno-outline-atomics
# Small data would be in sections of its own, to be reached by a register that nothing sets.
CPUFLAGS_riscv64 := -march=rv64gc -mabi=lp64d -mcmodel=medany -mno-relax -msmall-data-limit=0
# An element of a vector, which newlib's assembly writes as only GNU's assembler takes it.
NEWLIB_EDIT := sed -i 's/\.2d\[/.d[/' newlib/libc/machine/aarch64/*.S

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef \
	-Wpointer-arith -Wwrite-strings -Wvla
# What is the same for clang and for the second opinion of gcc in `make check`. Not -ffreestanding:
# newlib is the C library, and the compilers may know what memcpy and setjmp are.
COMMON := -std=gnu11 -fno-pic -fno-stack-protector -fno-omit-frame-pointer \
	-fno-strict-aliasing -ffunction-sections -fdata-sections $(CPUFLAGS_$(ARCH)) -I. \
	-Iarch/$(ARCH) -DVERSION='"$(VERSION)"' $(WARNINGS)
NEWLIB := $(BUILD)/newlib
LIBC := $(NEWLIB)/lib/libc.a
CFLAGS := --target=$(TARGET) -O2 -g -nostdlibinc -isystem $(NEWLIB)/include \
	-ffile-prefix-map=$(CURDIR)=. -fdebug-compilation-dir=. $(COMMON)
# An Image runs wherever it is loaded: every absolute address has a relocation, those in read-only data
# too, which the entry applies before the data is read-only. Code has none, as it is PC-relative.
LDFLAGS_aarch64 := -pie --no-dynamic-linker -z notext -z norelro
LDFLAGS_riscv64 := $(LDFLAGS_aarch64)
LDFLAGS := -nostdlib -static --gc-sections --build-id=none -z noexecstack -z max-page-size=4096 \
	$(LDFLAGS_$(ARCH))

LAYERS := lib arch drivers boot tests
SRC_lib := $(wildcard lib/*/*.c)
SRC_arch := $(wildcard arch/common/*.c arch/$(ARCH)/*.c arch/$(ARCH)/*.S)
SRC_drivers := $(wildcard drivers/*/*.c)
SRC_boot := $(wildcard boot/*.c boot/$(ARCH)/*.c boot/$(ARCH)/*.S)
SRC_tests := $(wildcard tests/framework/*.c tests/suites/*/*.c tests/suites/*/*/*.c tests/selftest/*.c)
SOURCES := $(foreach layer,$(LAYERS),$(SRC_$(layer)))
objects = $(addprefix $(BUILD)/,$(addsuffix .o,$(basename $(1))))
OBJECTS := $(call objects,$(SOURCES))

# make V=1 shows whole commands.
say := $(if $(V),@:,@echo)
run := $(if $(V),,@)

.PHONY: image images published check unit fuzz fuzz-merge coverage-host native host mutants mutants-vm mutants-all compositions \
	vacuity refdev test help clean
.DELETE_ON_ERROR:

# The tests' own loaders, for boot entry points that no VMM at hand uses.
LOADERS_x86_64 := $(BUILD)/linux64-loader.elf $(BUILD)/linux64-elsewhere-loader.elf

image: $(IMAGE) $(LOADERS_$(ARCH)) ## the kernel under build/<arch>/: viommu-guest.elf, .bzimage, .image (default)

images: ## every image of every CPU under build/images/, with SHA256SUMS
	@rm -rf build/images && mkdir -p build/images
	@for arch in $(ARCHS); do $(MAKE) --no-print-directory ARCH=$$arch published || exit 1; done
	@python3 -B boot/efi/disk.py build/images/viommu-guest-uefi.disk $(foreach arch,$(ARCHS),\
		$(addsuffix =build/$(arch)/viommu-guest.efi,$(EFI_NAME_$(arch))))
	@cd build/images && LC_ALL=C sha256sum * >SHA256SUMS && cat SHA256SUMS

published: $(IMAGE)
	@$(foreach image,$(filter-out %.disk,$(IMAGE)),cp $(image) \
		build/images/viommu-guest-$(ARCH)-$(PUBLISHED$(suffix $(image))) &&) true

help: ## this text
	@echo 'make [ARCH=$(subst $() ,|,$(ARCHS))] [V=1] TARGET'
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' Makefile tests/host.mk | \
		while read -r target text; do printf '  %-14s %s\n' "$$target" "$$text"; done

$(ELF): $(OBJECTS) $(LIBC) $(BUILD)/kernel.lds
	$(say) LD $@
	$(run)$(LD) $(LDFLAGS) -T $(BUILD)/kernel.lds $(OBJECTS) $(LIBC) -o $@

$(BUILD)/viommu-guest.image: $(ELF)
	$(say) OBJCOPY $@
	$(run)llvm-objcopy -O binary $< $@

# Linux's x86 boot protocol: a real-mode part, then the kernel as it is in memory.
BZIMAGE := boot/x86_64/bzimage
$(BUILD)/viommu-guest.flat: $(ELF)
	$(run)llvm-objcopy -O binary $< $@

$(BUILD)/$(BZIMAGE)/setup.o: $(BUILD)/viommu-guest.flat
$(BUILD)/$(BZIMAGE)/setup.o: CFLAGS += -DKERNEL_FILE='"$(BUILD)/viommu-guest.flat"'

$(BUILD)/viommu-guest.bzimage: $(BUILD)/$(BZIMAGE)/setup.o $(BZIMAGE)/bzimage.lds
	$(say) LD $@
	$(run)$(LD) --oformat binary -T $(BZIMAGE)/bzimage.lds --just-symbols=$(ELF) $< -o $@

# A UEFI application that carries the kernel, by GNU-EFI's headers.
KERNEL_x86_64 := $(BUILD)/viommu-guest.flat
KERNEL_aarch64 := $(BUILD)/viommu-guest.image
KERNEL_riscv64 := $(BUILD)/viommu-guest.image
EFI_TARGET_x86_64 := --target=x86_64-unknown-windows -mno-stack-arg-probe
EFI_TARGET_aarch64 := --target=aarch64-unknown-windows -mno-stack-arg-probe
EFI_TARGET_riscv64 := --target=$(TARGET) $(CPUFLAGS_riscv64)
EFI_CC := $(CC) $(EFI_TARGET_$(ARCH)) -std=gnu11 -O2 -ffreestanding -fshort-wchar \
	-fno-builtin -fno-pic -fno-stack-protector -I. -Iboot/efi/$(ARCH) -Iboot/efi/bind \
	-isystem /usr/include/efi -ffile-prefix-map=$(CURDIR)=. $(filter-out -Wundef,$(WARNINGS))
EFI_OBJECTS := $(addprefix $(BUILD)/boot/efi/,app.o tables.o $(ARCH)/jump.o)

$(BUILD)/boot/efi/%.o: boot/efi/%.c Makefile
	@mkdir -p $(@D)
	$(say) CC $<
	$(run)$(EFI_CC) -MMD -MP -c $< -o $@

$(BUILD)/boot/efi/$(ARCH)/jump.o: boot/efi/$(ARCH)/jump.S boot/efi/kernel.S $(KERNEL_$(ARCH)) Makefile
	@mkdir -p $(@D)
	$(say) CC $<
	$(run)size=$$(llvm-nm $(ELF) | awk '$$3 == "kernel_size" { print $$1 }') && \
		$(EFI_CC) -DKERNEL_MEMORY=0x$$size -DKERNEL_FILE='"$(KERNEL_$(ARCH))"' -c $< -o $@

# lld links PE for the other CPUs only.
$(BUILD)/boot/efi/riscv64/app.elf: boot/efi/riscv64/app.lds $(BUILD)/boot/efi/riscv64/header.o $(EFI_OBJECTS)
	$(say) LD $@
	$(run)$(LD) -nostdlib $(LDFLAGS_riscv64) --build-id=none -T $^ -o $@

ifeq ($(ARCH),riscv64)
$(BUILD)/viommu-guest.efi: $(BUILD)/boot/efi/riscv64/app.elf
	$(say) OBJCOPY $@
	$(run)llvm-objcopy -O binary $< $@
else
$(BUILD)/viommu-guest.efi: $(EFI_OBJECTS)
	$(say) LD $@
	$(run)lld-link /nologo /subsystem:efi_application /entry:efi_main /nodefaultlib /timestamp:0 \
		/Brepro /out:$@ $(EFI_OBJECTS)
endif

-include $(BUILD)/boot/efi/app.d $(BUILD)/boot/efi/tables.d

# A disk that firmware starts it from, by the name that UEFI gives to it (UEFI 2.10, section 3.5.1.1).
EFI_NAME_x86_64 := BOOTX64.EFI
EFI_NAME_aarch64 := BOOTAA64.EFI
EFI_NAME_riscv64 := BOOTRISCV64.EFI

$(BUILD)/viommu-guest.disk: $(BUILD)/viommu-guest.efi boot/efi/disk.py
	$(say) DISK $@
	$(run)python3 -B boot/efi/disk.py $@ $(EFI_NAME_$(ARCH))=$<

# Where each puts the kernel: where everybody does, and at a multiple of its alignment.
$(BUILD)/tests/loader/linux64.o: CFLAGS += -DKERNEL=0x100000
$(BUILD)/tests/loader/linux64-elsewhere.o: CFLAGS += -DKERNEL=0x6200000
$(BUILD)/tests/loader/linux64-elsewhere.o: tests/loader/linux64.S Makefile
	@mkdir -p $(@D)
	$(say) CC $<
	$(run)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(LOADERS_x86_64): $(BUILD)/%-loader.elf: $(BUILD)/tests/loader/%.o
	$(say) LD $@
	$(run)$(LD) -nostdlib -static --build-id=none --image-base=0x4000000 -e loader $< -o $@

$(BUILD)/kernel.lds: linker/kernel.lds.S $(wildcard linker/*.h)
	@mkdir -p $(@D)
	$(run)$(CC) --target=$(TARGET) -E -P -x c -I. -include linker/$(ARCH).h $< -o $@

$(BUILD)/%.o: %.c Makefile | $(LIBC)
	@mkdir -p $(@D)
	$(say) CC $<
	$(run)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/%.o: %.S Makefile | $(LIBC)
	@mkdir -p $(@D)
	$(say) CC $<
	$(run)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

-include $(OBJECTS:.o=.d) $(BUILD)/$(BZIMAGE)/setup.d

# newlib, once, out of tree, from the source that Debian's newlib-source installs.
NEWLIB_TAR := $(firstword $(wildcard /usr/src/newlib/newlib-*.tar.xz))
NEWLIB_CC := $(CC) --target=$(TARGET) -ffreestanding -fno-pic -fno-omit-frame-pointer \
	$(CPUFLAGS_$(ARCH)) -nostdlibinc -ffunction-sections -fdata-sections -Wno-everything

NEWLIB_BUILD := $(BUILD)/newlib-build
# Its configure gives the assembler no directories, and sources of newlib 4.5 for riscv64 include <sys/asm.h>.
NEWLIB_CCASFLAGS := $(filter-out $(CC),$(NEWLIB_CC)) \
	$(addprefix -I$(CURDIR)/$(NEWLIB_BUILD)/,obj/targ-include newlib/libc/include)
NEWLIB_CONFIGURE := --host=$(ARCH)-unknown-elf --prefix=$(CURDIR)/$(NEWLIB_BUILD)/out \
	--disable-multilib --disable-newlib-supplied-syscalls --disable-newlib-io-float \
	--disable-newlib-wide-orient --disable-newlib-fvwrite-in-streamio \
	--enable-newlib-io-c99-formats --enable-newlib-io-long-long --disable-newlib-multithread \
	CC_FOR_BUILD=$(HOSTCC) CC='$(NEWLIB_CC)' CCASFLAGS='$(NEWLIB_CCASFLAGS)' \
	CFLAGS=-O2 AR=llvm-ar RANLIB=llvm-ranlib

$(LIBC):
	@test -n '$(NEWLIB_TAR)' || \
		{ echo 'no /usr/src/newlib/newlib-*.tar.xz: install newlib-source' >&2; exit 1; }
	@echo 'newlib for $(ARCH): about a minute, once (log: $(BUILD)/newlib.log)'
	@rm -rf $(NEWLIB_BUILD) $(NEWLIB) && mkdir -p $(NEWLIB_BUILD)/obj
	@tar -xf $(NEWLIB_TAR) -C $(NEWLIB_BUILD) --strip-components=1
	@cd $(NEWLIB_BUILD) && $(NEWLIB_EDIT)
	@cd $(NEWLIB_BUILD)/obj && \
		{ ../newlib/configure $(NEWLIB_CONFIGURE) && $(MAKE) -j$$(nproc) && $(MAKE) install; } \
		>../../newlib.log 2>&1 || { tail -n 20 ../../newlib.log >&2; exit 1; }
	@mv $(NEWLIB_BUILD)/out/$(ARCH)-unknown-elf $(NEWLIB)
	@rm -rf $(NEWLIB_BUILD)

include tests/host.mk

# The same sources once more through gcc, for its warnings only, where it is a compiler for this CPU.
ifeq ($(ARCH),$(shell uname -m))
GCC_CHECKED := $(addprefix $(BUILD)/gcc/,$(addsuffix .ok,$(filter %.c,$(SOURCES))))
endif

$(BUILD)/gcc/%.ok: % Makefile | $(LIBC)
	@mkdir -p $(@D)
	$(say) GCC $<
	$(run)gcc -O1 -nostdinc -isystem $(NEWLIB)/include -isystem $(shell gcc -print-file-name=include) \
		$(COMMON) -MMD -MP -MF $@.d -MT $@ -c $< -o /dev/null
	@touch $@

-include $(GCC_CHECKED:.ok=.ok.d)

CHECKED_C := $(shell find boot arch drivers lib tests -name '*.[ch]')
CHECKED_SH := run.sh $(shell find tests .ci -name '*.sh') .ci/run

check: image $(GCC_CHECKED) ## formatting, warnings of clang and gcc, shellcheck, the layer rule
	$(say) CHECK formatting
	$(run)clang-format --dry-run --Werror $(CHECKED_C)
	$(say) CHECK shell
	$(run)shellcheck -x $(CHECKED_SH)
	$(say) CHECK python
	$(run)tests/check/python.sh
	$(say) CHECK claims
	$(run)python3 -B tests/check/claims.py $(filter tests/suites/%,$(filter %.c,$(SRC_tests)))
	$(say) CHECK layers
	$(run)tests/check/layers.sh $(BUILD)
	$(say) CHECK licences
	$(run)tests/check/spdx.sh

test: ## set-up, check, unit tests, mutants, compositions, tests of the harness, every machine; not vacuity
	tests/harness/all.sh

clean: ## removes build/
	rm -rf build
