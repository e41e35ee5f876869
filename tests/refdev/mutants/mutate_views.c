// SPDX-License-Identifier: BSD-2-Clause
/*
 * Mutants of accesses that see a mapping other than it is: an end, a part of it, or what it permits,
 * and some only where they read or only where they write.
 */
#include "tests/refdev/device/iommu_parts.h"
#include "tests/refdev/mutants/mutant.h"
#include "tests/refdev/mutants/mutate_translation.h"

#define BLOCK 0x200000ull /* of a large page */

/* An access that is under way, and the pieces that it has so far. */
struct access {
    const struct ref_iommu *iommu;
    const struct ref_domain *domain;
    uint64_t address;
    uint32_t length;
    bool is_write;
};

static bool moves(const struct ref_mapping *mapping)
{
    return mapping->physical != mapping->first; /* an engine's own buffers are left alone */
}

/* Ends: a byte more or less. */
static void mutate_ends(const struct access *access, struct ref_mapping *seen)
{
    bool reads = !access->is_write, writes = access->is_write;

    if ((MUTANT(MAP_BYTE_MORE_READS) && reads) || (MUTANT(MAP_BYTE_MORE_WRITES) && writes))
        seen->last += seen->last < UINT64_MAX;
    if (((MUTANT(MAP_BYTE_BEFORE_READS) && reads) || (MUTANT(MAP_BYTE_BEFORE_WRITES) && writes)) &&
        seen->first) {
        seen->first--;
        seen->physical--;
    }
    if ((MUTANT(MAP_LAST_BYTE_LOST_READS) && reads) ||
        (MUTANT(MAP_LAST_BYTE_LOST_WRITES) && writes))
        seen->last--;
    if ((MUTANT(MAP_FIRST_BYTE_LOST_READS) && reads) ||
        (MUTANT(MAP_FIRST_BYTE_LOST_WRITES) && writes)) {
        seen->first++;
        seen->physical++;
    }
    if (MUTANT(MAP_BLOCK_OUTWARDS) && seen->last - seen->first >= BLOCK - 1) {
        seen->physical -= seen->first % BLOCK;
        seen->first &= -BLOCK;
        seen->last |= BLOCK - 1;
    }
    if (MUTANT(MAP_LAST_RUNS_ON) && seen->last == access->iommu->config.input_last)
        seen->last = UINT64_MAX;
    if (MUTANT(MAP_TOP_IS_NOT_READ) && reads && seen->last == UINT64_MAX)
        seen->flags &= ~(uint32_t)VIRTIO_IOMMU_MAP_F_READ;
}

static struct ref_mapping seen_as(const struct access *access, const struct ref_mapping *before,
                                  const struct ref_mapping *mapping)
{
    struct ref_mapping seen = *mapping;

    if (!moves(mapping))
        return seen;
    mutate_ends(access, &seen);
    if (MUTANT(MAP_FLAGS_OF_NEIGHBOUR) && before && before->last + 1 == mapping->first)
        seen.flags |= before->flags;
    return seen;
}

/* Where the byte leads by the mapping as it is seen. */
static uint64_t lead(const struct access *access, const struct ref_mapping *seen, uint64_t address)
{
    uint64_t granule = ref_granule(access->iommu);
    uint64_t offset = address - seen->first, size = seen->last - seen->first + 1;
    uint64_t block = address & -BLOCK;

    if (MUTANT(MAP_SECOND_GRANULE_AS_FIRST) && moves(seen) && offset / granule == 1)
        offset -= granule;
    if (MUTANT(MAP_SECOND_HALF_ONE_ON) && moves(seen) && size > granule && offset >= size / 2)
        offset += granule;
    if (MUTANT(MAP_BLOCK_ROUNDED) && moves(seen) && block >= seen->first &&
        seen->last - block >= BLOCK - 1)
        return ((seen->physical + (block - seen->first)) & -BLOCK) + (address - block);
    return seen->physical + offset;
}

/* The mapping that an address is in, as it is seen; false: none. */
static bool find(const struct access *access, uint64_t address, struct ref_mapping *seen)
{
    const struct ref_mapping *before = NULL;

    for (const struct ref_mapping *it = access->domain->mappings; it; before = it, it = it->next) {
        *seen = seen_as(access, before, it);
        if (address >= seen->first && address <= seen->last)
            return true;
    }
    return false;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Piece by piece, none over the edge of a granule or a page, which is what a piece of a mapping is. */
static struct ref_route route(const struct access *access, struct ref_piece *pieces)
{
    uint32_t wanted = access->is_write ? VIRTIO_IOMMU_MAP_F_WRITE : VIRTIO_IOMMU_MAP_F_READ;
    struct ref_route to = {.is_allowed = true};
    struct ref_mapping seen;
    uint32_t flags = 0;

    for (uint64_t done = 0; done < access->length;) {
        uint64_t address = access->address + done, left = access->length - done;

        if (!find(access, address, &seen) || to.count == REF_PIECES_MAX)
            return (struct ref_route){
                .reason = VIRTIO_IOMMU_FAULT_R_MAPPING, .address = address, .count = to.count};
        flags = done ? flags : seen.flags;
        if (!(seen.flags & wanted) && !(MUTANT(MAP_FLAGS_OF_THE_FIRST) && flags & wanted))
            return (struct ref_route){
                .reason = VIRTIO_IOMMU_FAULT_R_MAPPING, .address = address, .count = to.count};
        left = lesser(left, seen.last - address + 1 ? seen.last - address + 1 : UINT64_MAX);
        left = lesser(left, MUTATED_PIECE - address % MUTATED_PIECE);
        pieces[to.count++] = (struct ref_piece){lead(access, &seen, address), left};
        done += left;
    }
    return to;
}

void mutate_views(const struct ref_iommu *iommu, const struct ref_endpoint *endpoint,
                  uint64_t address, uint32_t length, bool is_write, struct ref_route *to,
                  struct ref_piece *pieces)
{
    const struct access access = {iommu, endpoint->domain, address, length, is_write};

    if (ref_mutant < MUTANT_MAP_BYTE_MORE_READS || ref_mutant > MUTANT_MAP_FLAGS_OF_THE_FIRST ||
        !access.domain || access.domain->is_bypass || address + (length - 1) < address)
        return;
    *to = route(&access, pieces);
}
