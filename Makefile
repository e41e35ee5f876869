# SPDX-License-Identifier: BSD-2-Clause
# One Makefile, not recursive; everything is built under build/<arch>/ and build/host/.

ARCH ?= x86_64
VERSION := 0.1.0
BUILD := build/$(ARCH)
ELF := $(BUILD)/viommu-guest.elf
# What the VMMs load: the ELF file by its PVH note, elsewhere a flat file with the CPU's Image header.
IMAGE_x86_64 := $(ELF)
IMAGE_aarch64 := $(BUILD)/viommu-guest.image
IMAGE_riscv64 := $(BUILD)/viommu-guest.image
IMAGE := $(IMAGE_$(ARCH))

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
# Before the MMU is on, memory is device memory, where only aligned accesses work.
CPUFLAGS_aarch64 := -mstrict-align -mno-outline-atomics
# Small data would lie in sections of its own, to be reached by a register that nothing sets.
CPUFLAGS_riscv64 := -march=rv64gc -mabi=lp64d -mcmodel=medany -mno-relax -msmall-data-limit=0
# newlib's hand-written assembly for aarch64 does not assemble with clang.
NEWLIBFLAGS_aarch64 := -DPREFER_SIZE_OVER_SPEED

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
	-ffile-prefix-map=$(CURDIR)=. $(COMMON)
# An Image runs wherever it is loaded: every absolute address has a relocation, those in read-only data
# too, which the entry applies before the data is read-only. Code has none, as it is PC-relative.
LDFLAGS_aarch64 := -pie --no-dynamic-linker -z notext -z norelro
LDFLAGS_riscv64 := $(LDFLAGS_aarch64)
LDFLAGS := -nostdlib -static --gc-sections --build-id=none -z noexecstack -z max-page-size=4096 \
	$(LDFLAGS_$(ARCH))

ROOMS := lib arch drivers boot tests
SRC_lib := $(wildcard lib/*/*.c)
SRC_arch := $(wildcard arch/common/*.c arch/$(ARCH)/*.c arch/$(ARCH)/*.S)
SRC_drivers := $(wildcard drivers/*/*.c)
SRC_boot := $(wildcard boot/*.c boot/$(ARCH)/*.c boot/$(ARCH)/*.S)
SRC_tests := $(wildcard tests/*.c) \
	$(foreach suite,discovery conformance stress bench selftest,$(wildcard tests/$(suite)/*.c))
SOURCES := $(foreach room,$(ROOMS),$(SRC_$(room)))
objects = $(addprefix $(BUILD)/,$(addsuffix .o,$(basename $(1))))
OBJECTS := $(call objects,$(SOURCES))

# make V=1 shows whole commands.
say := $(if $(V),@:,@echo)
run := $(if $(V),,@)

.PHONY: image check unit test help clean
.DELETE_ON_ERROR:

image: $(IMAGE) ## the kernel under build/<arch>/: viommu-guest.elf or .image (default)

help: ## this text
	@echo 'make [ARCH=x86_64|aarch64|riscv64] TARGET'
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' Makefile

$(ELF): $(OBJECTS) $(LIBC) $(BUILD)/kernel.lds
	$(say) LD $@
	$(run)$(LD) $(LDFLAGS) -T $(BUILD)/kernel.lds $(OBJECTS) $(LIBC) -o $@

$(BUILD)/viommu-guest.image: $(ELF)
	$(say) OBJCOPY $@
	$(run)llvm-objcopy -O binary $< $@

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

-include $(OBJECTS:.o=.d)

# newlib, once, out of tree, from the source that Debian's newlib-source installs.
NEWLIB_TAR := $(firstword $(wildcard /usr/src/newlib/newlib-*.tar.xz))
NEWLIB_CC := $(CC) --target=$(TARGET) -ffreestanding -fno-pic -fno-omit-frame-pointer \
	$(CPUFLAGS_$(ARCH)) $(NEWLIBFLAGS_$(ARCH)) -nostdlibinc -ffunction-sections -fdata-sections \
	-Wno-everything

$(LIBC):
	@test -n '$(NEWLIB_TAR)' || { echo 'no /usr/src/newlib/newlib-*.tar.xz: install newlib-source' >&2; exit 1; }
	@echo 'newlib for $(ARCH): about a minute, once (log: $(BUILD)/newlib.log)'
	@rm -rf $(BUILD)/newlib-build $(NEWLIB) && mkdir -p $(BUILD)/newlib-build/obj
	@tar -xf $(NEWLIB_TAR) -C $(BUILD)/newlib-build --strip-components=1
	@cd $(BUILD)/newlib-build/obj && { ../newlib/configure --host=$(ARCH)-unknown-elf \
		--prefix=$(CURDIR)/$(BUILD)/newlib-build/out --disable-multilib \
		--disable-newlib-supplied-syscalls --disable-newlib-io-float \
		--disable-newlib-wide-orient --disable-newlib-fvwrite-in-streamio \
		--enable-newlib-io-c99-formats --enable-newlib-io-long-long --disable-newlib-multithread \
		CC_FOR_BUILD=$(HOSTCC) CC='$(NEWLIB_CC)' CCASFLAGS='$(filter-out $(CC),$(NEWLIB_CC))' CFLAGS=-O2 AR=llvm-ar \
		RANLIB=llvm-ranlib && $(MAKE) -j$$(nproc) && $(MAKE) install; } \
		>../../newlib.log 2>&1 || { tail -n 20 ../../newlib.log >&2; exit 1; }
	@mv $(BUILD)/newlib-build/out/$(ARCH)-unknown-elf $(NEWLIB)
	@rm -rf $(BUILD)/newlib-build

# Host unit tests: the pure code as an ordinary process under the sanitizers.
HOSTFLAGS := -std=gnu11 -g -O1 -I. $(WARNINGS) -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
HOST_PURE := $(filter-out lib/newlib/%,$(SRC_lib)) \
	$(addprefix boot/,boot_info.c devicetree.c options.c pvh.c) tests/host/unit.c tests/host/tree.c \
	tests/host/table.c tests/host/table_iort.c tests/host/writer.c
HOST_OBJECTS := $(addprefix build/host/,$(HOST_PURE:.c=.o))
UNITS := $(patsubst tests/host/%.c,build/host/%,$(wildcard tests/host/unit_*.c))

TREES := $(patsubst tests/host/%.dts,build/host/%.dtb,$(wildcard tests/host/trees/*.dts))

build/host/trees/%.dtb: tests/host/trees/%.dts
	@mkdir -p $(@D)
	$(say) DTC $<
	$(run)dtc -q -I dts -O dtb -o $@ $<

# ACPI tables, compiled and disassembled again by iasl.
TABLES := $(patsubst tests/host/%.asl,build/host/%.dsl,$(wildcard tests/host/tables/*.asl))

build/host/tables/%.dsl: tests/host/tables/%.asl
	@mkdir -p $(@D)
	$(say) IASL $<
	$(run)rm -f $@ && iasl -p $(@D)/$* $< >$(@D)/$*.log 2>&1 && \
		iasl -d $(@D)/$*.aml >>$(@D)/$*.log 2>&1 || { cat $(@D)/$*.log >&2; exit 1; }

unit: $(UNITS) $(TREES) $(TABLES) ## host unit tests, under ASan and UBSan
	@status=0; for unit in $(UNITS); do $$unit || status=1; done; exit $$status

build/host/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(say) HOSTCC $<
	$(run)$(HOSTCC) $(HOSTFLAGS) -MMD -MP -c $< -o $@

build/host/pure.a: $(HOST_OBJECTS)
	@rm -f $@
	$(run)llvm-ar rcs $@ $^

# Libraries of others that a unit compares us with.
build/host/unit_fdt_peer: build/host/tests/host/peer/libfdt.o
build/host/unit_fdt_peer: LIBRARIES := -lfdt

build/host/unit_%: build/host/tests/host/unit_%.o build/host/pure.a
	$(run)$(HOSTCC) -fsanitize=address,undefined $^ $(LIBRARIES) -o $@

.PRECIOUS: build/host/%.o
-include $(HOST_OBJECTS:.o=.d) $(UNITS:build/host/%=build/host/tests/host/%.d)

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
	$(say) CHECK layers
	$(run)tests/check/layers.sh $(BUILD)
	$(say) CHECK licences
	$(run)tests/check/spdx.sh

test: ## everything: set-up, check, unit tests, the runner's own tests, every machine
	tests/all.sh

clean: ## removes build/
	rm -rf build
