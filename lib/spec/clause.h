/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The normative statements about a device in virtio 1.4, one row each in clauses.def: an id, the
 * level, the section and a paraphrase. PROSE is a defining sentence without one of the capital
 * words. An id is <chapter>_<topic>_<letter><number>; the letter is D for a statement of a "Device
 * Requirements" section, P for prose, E for a numbered example. The impact is what its violation
 * does to a guest, where a check does not see more than that it is violated.
 *
 * Rows of TOPO_* are no statements of virtio, and their section is CLAUSE_HOUSE: what this project
 * asks of whoever describes which endpoints an IOMMU has, so that a guest can rely on it.
 */
#pragma once

#define CLAUSE_HOUSE "house"

enum clause {
    CLAUSE_NONE,
#define CLAUSE(id, level, impact, section, text) id,
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

/* What a violation does to a guest, the worst first. */
enum impact {
    IMPACT_ISOLATION, /* memory is reached that must not be, or an endpoint is let through */
    IMPACT_DATA,      /* a transfer goes astray or is lost, memory is changed */
    IMPACT_LIVENESS,  /* a hang, a crash, no answer, no notification */
    IMPACT_STATUS,    /* an answer says something else */
    IMPACT_REPORT,    /* a fault report or a notification is wrong, or one too many */
    IMPACT_FORM,      /* everything else */
    IMPACT_COUNT
};

/* What a violation amounts to by its level and its impact. */
enum clause_severity {
    CLAUSE_NOTE, /* MAY: nothing is wrong */
    CLAUSE_WARN, /* SHOULD, SHOULD NOT */
    CLAUSE_FAIL, /* MUST, MUST NOT, and prose that defines what a device does */
};

struct clause_row {
    const char *id; /* as in "IOMMU_MAP_D07" */
    enum clause_level level;
    enum impact impact;
    const char *section;
    const char *text;
};

/* Of any value below CLAUSE_COUNT; CLAUSE_NONE has an empty row. */
const struct clause_row *clause_row(enum clause clause);
/* Of isolation, data and liveness it is CLAUSE_FAIL, whatever the level. */
enum clause_severity clause_severity(enum clause clause, enum impact impact);
/* As in "MUST NOT"; prose is "prose". */
const char *clause_level_text(enum clause_level level);
/* As in "isolation". */
const char *impact_text(enum impact impact);
