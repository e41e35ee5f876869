# SPDX-License-Identifier: BSD-2-Clause
# What runs on the host: unit tests, fuzzers, line coverage, the whole kernel as a process, the reference
# device behind a VMM. Included by the Makefile.

# $(call flavour,NAME,VARIABLE): objects under build/NAME/, compiled with the flags in VARIABLE.
define flavour
build/$(1)/%.o: %.c Makefile tests/host.mk
	@mkdir -p $$(@D)
	$$(say) HOSTCC $$<
	$$(run)$$(HOSTCC) $$($(2)) -MMD -MP -c $$< -o $$@

build/$(1)/pure.a:
	@rm -f $$@
	$$(run)llvm-ar rcs $$@ $$^

.PRECIOUS: build/$(1)/%.o
endef

# $(call depends,OBJECT...): what the compiler wrote of their headers.
depends = $(eval -include $(1:.o=.d))

BOOT_READERS := $(addprefix boot/,boot_info.c cmdline.c devicetree.c efi.c $(addprefix x86_64/,linux.c loader.c pvh.c))
PURE := $(filter-out lib/newlib/%,$(SRC_lib)) $(wildcard tests/suites/bench/rangemap/*.c) $(BOOT_READERS)
# Drivers that units test on devices of their own; tests/unit/fixtures/arch.c is their CPU.
UNIT_DRIVERS := $(wildcard drivers/pci/*.c drivers/virtio/*.c drivers/viommu/*.c)
UNIT_SOURCES := $(wildcard tests/unit/*.c)
FIXTURES := $(wildcard tests/unit/fixtures/*.c)
READERS := $(wildcard lib/acpi/*.c lib/cmdline/*.c lib/fdt/*.c lib/topology/*.c lib/machine/*.c) $(BOOT_READERS)

# Unit tests: the pure code as an ordinary process under the sanitizers.
HOST_BASE := -std=gnu11 -g -I. -Iarch/host $(WARNINGS)
SANITIZE := -fsanitize=address,undefined
HOSTFLAGS := $(HOST_BASE) -O1 $(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
HOST_OBJECTS := $(patsubst %.c,build/host/%.o,$(PURE) $(UNIT_DRIVERS) $(FIXTURES))
UNITS := $(UNIT_SOURCES:%.c=build/host/%)

$(eval $(call flavour,host,HOSTFLAGS))
build/host/pure.a: $(HOST_OBJECTS)

build/host/tests/unit/%: build/host/tests/unit/%.o build/host/pure.a
	$(run)$(HOSTCC) $(SANITIZE) $^ $(LIBRARIES) -o $@

$(call depends,$(HOST_OBJECTS) $(UNITS:=.o))

# libfdt, with which a unit test compares lib/fdt.
PEER := tests/unit/fixtures/peer/libfdt.o
build/host/tests/unit/fdt_peer: build/host/$(PEER)
build/coverage/tests/unit/fdt_peer: build/coverage/$(PEER)
build/host/tests/unit/fdt_peer build/coverage/tests/unit/fdt_peer: LIBRARIES := -lfdt

# Those files about the GIC that have nothing of the CPU's own.
GIC := arch/aarch64/gic.o arch/aarch64/gicv2.o
build/host/tests/unit/gic_v2m: $(addprefix build/host/,$(GIC))
build/coverage/tests/unit/gic_v2m: $(addprefix build/coverage/,$(GIC))

# The UEFI application, with firmware that the test plays.
EFI_FIRMWARE := build/host/tests/unit/fixtures/efi/firmware.o
build/host/tests/unit/efi_app: build/host/boot/efi/app.o build/host/boot/efi/tables.o $(EFI_FIRMWARE)
build/host/boot/efi/%.o $(EFI_FIRMWARE) build/host/tests/unit/efi_app.o: HOSTFLAGS += -fshort-wchar -Wno-undef \
	-Iboot/efi/x86_64 -Iboot/efi/bind -isystem /usr/include/efi

# Device trees as sources, and what QEMU writes for its machines.
QEMU_arm64-gicv2 := qemu-system-aarch64 -machine virt-7.2,gic-version=2,virtualization=on,dumpdtb=
QEMU_arm64-gicv3 := qemu-system-aarch64 -machine virt-7.2,gic-version=3,dumpdtb=
QEMU_riscv64 := qemu-system-riscv64 -machine virt,dumpdtb=
QEMU_IOMMU_arm64-gicv2 := -device virtio-iommu-pci,addr=2
QEMU_IOMMU_arm64-gicv3 := -device virtio-iommu-pci,addr=2
TREES := $(patsubst tests/unit/fixtures/%.dts,build/host/%.dtb,$(wildcard tests/unit/fixtures/trees/*.dts)) \
	$(addprefix build/host/trees/qemu-,$(addsuffix .dtb,arm64-gicv2 arm64-gicv3 riscv64))

build/host/trees/%.dtb: tests/unit/fixtures/trees/%.dts
	@mkdir -p $(@D)
	$(say) DTC $<
	$(run)dtc -q -I dts -O dtb -o $@ $<

build/host/trees/qemu-%.dtb: tests/host.mk
	@mkdir -p $(@D)
	$(say) DUMPDTB $*
	$(run)$(QEMU_$*)$@ -smp 2 -m 512M -nodefaults -display none $(QEMU_IOMMU_$*) >$@.log 2>&1 || \
		{ cat $@.log >&2; exit 1; }

# ACPI tables, compiled and disassembled again by iasl.
TABLES := $(patsubst tests/unit/fixtures/%.asl,build/host/%.dsl,$(wildcard tests/unit/fixtures/tables/*.asl))

build/host/tables/%.dsl: tests/unit/fixtures/tables/%.asl tests/unit/fixtures/tables/later.sed tests/unit/iasl.sh
	@mkdir -p $(@D)
	$(say) IASL $<
	$(run)tests/unit/iasl.sh $< $(@D)/$*

unit: $(UNITS) $(TREES) $(TABLES) ## host unit tests, under ASan and UBSan
	@status=0; for unit in $(UNITS); do $$unit || status=1; done; exit $$status

# The readers under libFuzzer; FUZZ_SECONDS each. In the object files the fuzzer sees the branches.
FUZZ_SECONDS ?= 60
FUZZFLAGS := $(HOSTFLAGS) -O2 -fsanitize=fuzzer-no-link
FUZZ_OBJECTS := $(patsubst %.c,build/fuzz/%.o,$(READERS) $(wildcard lib/assert/*.c lib/mem/*.c lib/text/*.c))
FUZZERS := $(patsubst %.c,build/fuzz/%,$(wildcard tests/unit/fuzz/*.c))

$(eval $(call flavour,fuzz,FUZZFLAGS))
build/fuzz/pure.a: $(FUZZ_OBJECTS)
# Where a tree's reader is most of the time, with dictionary words to compare with: two thirds of that time
# would be the fuzzer's, looking at comparisons.
$(addprefix build/fuzz/lib/fdt/,token.o node.o property.o): FUZZFLAGS += -fno-sanitize-coverage=trace-cmp

build/fuzz/tests/unit/fuzz/%: build/fuzz/tests/unit/fuzz/%.o build/fuzz/pure.a
	$(run)$(HOSTCC) -fsanitize=fuzzer,address,undefined $^ -o $@

$(call depends,$(FUZZ_OBJECTS) $(FUZZERS:=.o))

fuzz: $(FUZZERS) $(TREES) ## every reader under libFuzzer, FUZZ_SECONDS=60 each
	@tests/unit/fuzz/fuzz.sh $(FUZZ_SECONDS) $(FUZZERS)

fuzz-merge: $(FUZZERS) $(TREES) ## keeps what make fuzz has found as minimised seeds in the repository
	@tests/unit/fuzz/merge.sh $(FUZZERS)

# Which lines of the readers the unit tests run.
COVERAGE_MINIMUM := 95
COVERAGE_COUNT := -fprofile-instr-generate -fcoverage-mapping
COVERAGEFLAGS := $(HOST_BASE) -O1 -fno-omit-frame-pointer $(COVERAGE_COUNT)
COVERAGE_OBJECTS := $(patsubst %.c,build/coverage/%.o,$(PURE) $(UNIT_DRIVERS) $(FIXTURES))
COVERAGE_UNITS := $(patsubst %.c,build/coverage/%,$(filter-out %/efi_app.c,$(UNIT_SOURCES)))

$(eval $(call flavour,coverage,COVERAGEFLAGS))
build/coverage/pure.a: $(COVERAGE_OBJECTS)

build/coverage/tests/unit/%: build/coverage/tests/unit/%.o build/coverage/pure.a
	$(run)$(HOSTCC) $(COVERAGE_COUNT) $^ $(LIBRARIES) -o $@

$(call depends,$(COVERAGE_OBJECTS) $(COVERAGE_UNITS:=.o))

coverage-host: $(COVERAGE_UNITS) $(TREES) $(TABLES) ## line coverage of each reader by the unit tests; 95 % or less of one fails
	@tests/unit/coverage.sh $(COVERAGE_MINIMUM) '$(COVERAGE_UNITS)' $(READERS)

# The whole kernel as a process: arch/host and the reference device instead of a CPU and a VMM.
NATIVE := build/host/viommu-guest
NATIVEFLAGS := $(HOSTFLAGS) -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -fno-pie \
	-fsanitize-ignorelist=tests/refdev/native/asan.ignore
NATIVE_OBJECTS := $(patsubst %.c,build/native/%.o,$(filter-out lib/newlib/%,$(SRC_lib)) \
	$(wildcard arch/host/*.c) $(SRC_drivers) $(wildcard boot/*.c) $(SRC_tests) \
	$(wildcard tests/refdev/device/*.c tests/refdev/mutants/*.c tests/refdev/native/*.c))

$(eval $(call flavour,native,NATIVEFLAGS))
$(NATIVE_OBJECTS): tests/refdev/native/asan.ignore

$(NATIVE): $(NATIVE_OBJECTS) tests/refdev/native/sections.lds
	@mkdir -p $(@D)
	$(say) LD $@
	$(run)$(HOSTCC) $(SANITIZE) -fuse-ld=lld -no-pie -Wl,-T,tests/refdev/native/sections.lds \
		$(NATIVE_OBJECTS) -o $@

$(call depends,$(NATIVE_OBJECTS))

# The same without sanitizers, for `make vacuity`, which starts it 70,000 times.
SWIFT := build/host/viommu-guest-swift
SWIFTFLAGS := $(HOST_BASE) -O2 -fno-omit-frame-pointer -D_GNU_SOURCE -Iarch/host -DVERSION='"$(VERSION)"' -fno-pie
SWIFT_OBJECTS := $(NATIVE_OBJECTS:build/native/%=build/swift/%)

$(eval $(call flavour,swift,SWIFTFLAGS))

$(SWIFT): $(SWIFT_OBJECTS) tests/refdev/native/sections.lds
	@mkdir -p $(@D)
	$(say) LD $@
	$(run)$(HOSTCC) -fuse-ld=lld -no-pie -Wl,-T,tests/refdev/native/sections.lds $(SWIFT_OBJECTS) -o $@

$(call depends,$(SWIFT_OBJECTS))

# The same with every mechanical mutant of the device and the model in it. Debian's own python3 has libclang.
MECHANICAL := build/host/viommu-guest-mechanical
MECHANICAL_DIR := tests/refdev/mechanical
# The IOMMU, not the endpoints beside it, what chooses among devices, or the log of the driver's order.
MUTATED := $(filter-out $(addprefix tests/refdev/device/,blk.c chosen.c edu.c order.c order_fields.c place.c rng.c \
	testdev.c variants.c),$(wildcard tests/refdev/device/*.c lib/model/*.c))
MECHANICALFLAGS := $(filter-out $(WARNINGS),$(SWIFTFLAGS)) -w
MUTATED_OBJECTS := $(patsubst %.c,build/mechanical/%.o,$(MUTATED))
MECHANICAL_OBJECTS := $(filter-out $(MUTATED:%.c=build/swift/%.o),$(SWIFT_OBJECTS)) $(MUTATED_OBJECTS) \
	build/swift/$(MECHANICAL_DIR)/choose.o

build/mechanical/list: $(MUTATED) $(MECHANICAL_DIR)/mutate.py tests/host.mk
	@mkdir -p $(@D)
	$(say) MUTATE $(@D)
	$(run)/usr/bin/python3 -B $(MECHANICAL_DIR)/mutate.py $(@D)/source $@ $(MUTATED) -- \
		$(SWIFTFLAGS) -I$(shell $(HOSTCC) -print-resource-dir)/include

$(MUTATED_OBJECTS): build/mechanical/%.o: build/mechanical/list $(MECHANICAL_DIR)/mutate.h
	@mkdir -p $(@D)
	$(say) HOSTCC $(@:.o=.c)
	$(run)$(HOSTCC) $(MECHANICALFLAGS) -c build/mechanical/source/$*.c -o $@

$(MECHANICAL): $(MECHANICAL_OBJECTS) tests/refdev/native/sections.lds
	@mkdir -p $(@D)
	$(say) LD $@
	$(run)$(HOSTCC) -fuse-ld=lld -no-pie -Wl,-T,tests/refdev/native/sections.lds $(MECHANICAL_OBJECTS) -o $@

native: $(NATIVE) ## the kernel as a process, build/host/viommu-guest

host: $(NATIVE) ## the suites against every variant of the reference device; VARIANT=, RUN=, SEED=
	@VARIANT='$(VARIANT)' RUN='$(RUN)' SEED='$(SEED)' tests/refdev/native/host.sh

mutants: $(NATIVE) ## the suites against every mutant of the reference device; MUTANT=
	@python3 -B tests/refdev/mutants/mutants.py $(MUTANT)

mutants-vm: $(NATIVE) ## the same behind QEMU, for a sample of the mutants; MUTANT=
	@python3 -B tests/refdev/mutants/mutants.py --vm $(MUTANT)

mutants-all: $(MECHANICAL) ## every operator, constant, condition, assignment, return and call changed once; MUTANT=, SAMPLE=SEED/N
	@python3 -B $(MECHANICAL_DIR)/mechanical.py $(if $(SAMPLE),--sample '$(SAMPLE)') $(MUTANT)

compositions: $(NATIVE) ## the suites in every composition of the native machine; COMPOSITION=, VARIANT=, RANDOM=N, SEED=
	@python3 -B tests/refdev/native/compositions.py $(if $(SAMPLE),--sample '$(SAMPLE)') \
		$(if $(VARIANT),--variant '$(VARIANT)') $(if $(RANDOM),--random '$(RANDOM)') \
		$(if $(SEED),--seed '$(SEED)') $(COMPOSITION)

vacuity: $(SWIFT) ## every mutant in every composition: tests that pass though the bug was met; MUTANT=, MINUTES=
	@python3 -B tests/refdev/native/vacuity.py $(if $(MINUTES),--minutes $(MINUTES)) $(MUTANT)

# The reference device as a process behind a VMM.
REFDEV := build/host/refdev
REFDEVFLAGS := $(HOST_BASE) -O2 -D_GNU_SOURCE
REFDEV_OBJECTS := $(patsubst %.c,build/refdev/%.o,$(wildcard tests/refdev/device/*.c \
	tests/refdev/mutants/*.c tests/refdev/server/*.c lib/spec/*.c))

$(eval $(call flavour,refdev,REFDEVFLAGS))

$(REFDEV): $(REFDEV_OBJECTS)
	@mkdir -p $(@D)
	$(say) LD $@
	$(run)$(HOSTCC) $(REFDEV_OBJECTS) -o $@

$(call depends,$(REFDEV_OBJECTS))

refdev: $(REFDEV) ## the reference device behind a VMM, build/host/refdev
