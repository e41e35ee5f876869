/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The normative statements about a device in virtio 1.4, one row each in clauses.def: an id, the
 * level, the section and a paraphrase. PROSE is a defining sentence without one of the capital
 * words. An id is <chapter>_<topic>_<letter><number>; the letter is D for a statement of a "Device
 * Requirements" section, P for prose, E for a numbered example.
 *
 * Rows of TOPO_* are no statements of virtio, and their section is CLAUSE_HOUSE: what this project
 * asks of whoever describes which endpoints an IOMMU has, so that a guest can rely on it.
 */
#pragma once

#define CLAUSE_HOUSE "house"

enum clause {
    CLAUSE_NONE,
#define CLAUSE(id, level, section, text) id,
#include "lib/spec/clauses.def"
#undef CLAUSE
    CLAUSE_COUNT
};

enum clause_level {
    CLAUSE_MUST,
    CLAUSE_MUST_NOT,
    CLAUSE_SHOULD,
    CLAUSE_SHOULD_NOT,
    CLAUSE_MAY,
    CLAUSE_PROSE
};

/* What a violation amounts to. */
enum clause_severity {
    CLAUSE_NOTE, /* MAY: nothing is wrong */
    CLAUSE_WARN, /* SHOULD, SHOULD NOT */
    CLAUSE_FAIL, /* MUST, MUST NOT, and prose that defines what a device does */
};

struct clause_row {
    const char *id; /* as in "IOMMU_MAP_D07" */
    enum clause_level level;
    const char *section;
    const char *text;
};

/* Of any value below CLAUSE_COUNT; CLAUSE_NONE has an empty row. */
const struct clause_row *clause_row(enum clause clause);
enum clause_severity clause_severity(enum clause clause);
