/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bounded reader of flattened device trees (Devicetree Specification 0.4, chapter 5). fdt_open()
 * walks the whole structure once and accepts it or not; everything else may be asked of an accepted
 * tree only. All reads are byte by byte, so that they work at any address and on any memory.
 *
 * A node is the offset of its token in the structure block; FDT_NONE is no node, of which nothing
 * must be asked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/mem/view.h"
#include "lib/text/sink.h"

#define FDT_HEADER_SIZE 40
#define FDT_SIZE_MAX    (2u << 20)
#define FDT_DEPTH_MAX   16   /* nodes above each other, the root included */
#define FDT_NODES_MAX   8192 /* so that no question to a tree takes long */
#define FDT_NAME_MAX    255  /* bytes of the name of a node or a property, without the NUL */

#define FDT_NONE UINT32_MAX

/*
 * What a reader of a whole tree has of its own: how much it may still ask, and where it was last.
 */
struct fdt_work {
    uint32_t steps; /* how much questions may look at: see fdt_spend() */
    uint32_t path[FDT_DEPTH_MAX];
    int path_count;                 /* of the last node whose parent was asked for; 0: none */
    uint32_t phandle, phandle_node; /* the last one that was found; 0: none */
};

/*
 * Steps for one reader: a tree of QEMU's needs a hundredth, and what an emulated CPU does in so
 * many is a fraction of a second.
 */
#define FDT_STEPS      (1u << 21)
#define FDT_STEP_BYTES 16 /* of a name or a value, which cost as much as a token */

struct fdt {
    const uint8_t *bytes;
    uint32_t size;      /* by the header */
    uint32_t structure; /* offsets into bytes */
    uint32_t structure_size;
    uint32_t strings;
    uint32_t strings_size;
    uint32_t reservations;
    /*
     * NULL: questions take as long as they want. A tree whose reader has no steps left has no more
     * nodes and properties; who set it names that.
     */
    struct fdt_work *work;
};

struct fdt_property {
    const char *name;
    const uint8_t *value;
    uint32_t length;
};

struct fdt_range {
    uint64_t base, size;
};

/*
 * False, with a report, *fdt all zeros: something of the tree does not be inside [bytes, bytes +
 * size), or exceeds what is allowed above.
 */
bool fdt_open(struct fdt *fdt, const void *bytes, size_t size, const struct sink *sink);
/*
 * The tree at a physical address, its header first. False, with a report: as above, or unreadable.
 */
bool fdt_open_at(struct fdt *fdt, const struct mem_view *memory, uint64_t address,
                 const struct sink *sink);

/* The index-th entry of the memory reservation block; false: there are not that many. */
bool fdt_reservation(const struct fdt *fdt, unsigned index, struct fdt_range *range);

uint32_t fdt_root(const struct fdt *fdt);
/* The node after this one in the order of the tree, whatever its depth. */
uint32_t fdt_next(const struct fdt *fdt, uint32_t node);
/* The same, but nothing below a node whose status is not okay; `node` itself must be enabled. */
uint32_t fdt_next_enabled(const struct fdt *fdt, uint32_t node);
/* The first node of those, which is the root; FDT_NONE: its status is not okay. */
uint32_t fdt_first_enabled(const struct fdt *fdt);
uint32_t fdt_first_child(const struct fdt *fdt, uint32_t node);
uint32_t fdt_next_sibling(const struct fdt *fdt, uint32_t node);
uint32_t fdt_parent(const struct fdt *fdt, uint32_t node);
/* With its unit address, as in "uart@9000000". */
const char *fdt_name(const struct fdt *fdt, uint32_t node);
/* Whether the name without a unit address is `name`. */
bool fdt_is_named(const struct fdt *fdt, uint32_t node, const char *name);

/* "/soc/uart" finds "/soc/uart@9000000", too; only the first `length` bytes of `path` count. */
uint32_t fdt_find_path(const struct fdt *fdt, const char *path, size_t length);
/* By which other nodes name it; 0: by nothing. */
uint32_t fdt_phandle(const struct fdt *fdt, uint32_t node);
/* The enabled node with this phandle. */
uint32_t fdt_find_phandle(const struct fdt *fdt, uint32_t phandle);
/* Whether any node has it, enabled or not. */
bool fdt_has_phandle(const struct fdt *fdt, uint32_t phandle);
/* The first node after `previous` (FDT_NONE: from the root) that is compatible and enabled. */
uint32_t fdt_find_compatible(const struct fdt *fdt, uint32_t previous, const char *compatible);

bool fdt_find_property(const struct fdt *fdt, uint32_t node, const char *name,
                       struct fdt_property *property);
/* A property that is one cell; `otherwise` when there is none. */
uint32_t fdt_u32(const struct fdt *fdt, uint32_t node, const char *name, uint32_t otherwise);
/* A property that is text with its NUL; NULL when there is none. */
const char *fdt_text(const struct fdt *fdt, uint32_t node, const char *name);
/* Whether `text` is one of the strings of the property `compatible`. */
bool fdt_is_compatible(const struct fdt *fdt, uint32_t node, const char *text);
/* Whether the node's own `status` is absent, "okay" or "ok". */
bool fdt_is_okay(const struct fdt *fdt, uint32_t node);
/* Whether that holds for the node and all above it: nothing below another one exists. */
bool fdt_is_enabled(const struct fdt *fdt, uint32_t node);

/* Cells of a value: how many whole ones, and the number that `count` (0 to 2) of them are. */
static inline uint32_t fdt_cell_count(const struct fdt_property *property)
{
    return property->length / 4;
}
uint64_t fdt_cells(const struct fdt_property *property, uint32_t index, unsigned count);

/* #address-cells and #size-cells of a node, for its children; 2 and 1 when absent. */
uint32_t fdt_address_cells(const struct fdt *fdt, uint32_t node);
uint32_t fdt_size_cells(const struct fdt *fdt, uint32_t node);

/*
 * Takes a range in the addresses of the bus that `node` is on up to the CPU's, through the `ranges`
 * of every bus above. False: it wraps, a bus does not pass all of it on, or a bus has cells that do
 * not fit 64 bits.
 */
bool fdt_to_cpu(const struct fdt *fdt, uint32_t node, struct fdt_range *range);
/* Whole entries of `reg`; 0 where there is none or where its cells do not fit 64 bits. */
uint32_t fdt_reg_count(const struct fdt *fdt, uint32_t node);
/* The index-th entry of `reg` as the CPU sees it. False: there is none, or fdt_to_cpu() says so. */
bool fdt_reg(const struct fdt *fdt, uint32_t node, unsigned index, struct fdt_range *range);
