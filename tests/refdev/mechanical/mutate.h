/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What mutate.py puts into sources: each macro does what stood there, or, if the mutant of its
 * number is chosen, something else. Operands are evaluated once, and not where C would not.
 */
#pragma once

#include <stdbool.h>

#define MUTANTS_MAX 32768

/* $MECHANICAL; 0: none. */
extern unsigned mutant_chosen;
/* Which have been come across. */
extern bool mutant_reached[MUTANTS_MAX];

static inline bool mutant_is(unsigned number)
{
    mutant_reached[number] = true;
    return mutant_chosen == number;
}

#define MUTATE_BINARY(n, left, right, usual, other)                                                \
    ({                                                                                             \
        __auto_type left_ = +(left);                                                               \
        __auto_type right_ = +(right);                                                             \
        mutant_is(n) ? (left_ other right_) : (left_ usual right_);                                \
    })
#define MUTATE_BINARY_2(n, left, right, usual, other, third)                                       \
    ({                                                                                             \
        __auto_type left_ = +(left);                                                               \
        __auto_type right_ = +(right);                                                             \
        mutant_is(n)       ? (left_ other right_)                                                  \
        : mutant_is(n + 1) ? (left_ third right_)                                                  \
                           : (left_ usual right_);                                                 \
    })
#define MUTATE_LESS(n, left, right)          MUTATE_BINARY_2(n, left, right, <, <=, >=)
#define MUTATE_LESS_EQUAL(n, left, right)    MUTATE_BINARY_2(n, left, right, <=, <, >)
#define MUTATE_GREATER(n, left, right)       MUTATE_BINARY_2(n, left, right, >, >=, <=)
#define MUTATE_GREATER_EQUAL(n, left, right) MUTATE_BINARY_2(n, left, right, >=, >, <)
#define MUTATE_EQUAL(n, left, right)         MUTATE_BINARY(n, left, right, ==, !=)
#define MUTATE_NOT_EQUAL(n, left, right)     MUTATE_BINARY(n, left, right, !=, ==)
#define MUTATE_PLUS(n, left, right)          MUTATE_BINARY(n, left, right, +, -)
#define MUTATE_MINUS(n, left, right)         MUTATE_BINARY(n, left, right, -, +)
#define MUTATE_TIMES(n, left, right)         MUTATE_BINARY(n, left, right, *, +)
#define MUTATE_OVER(n, left, right)          MUTATE_BINARY(n, left, right, /, *)
#define MUTATE_MODULO(n, left, right)        MUTATE_BINARY(n, left, right, %, +)
#define MUTATE_AND(n, left, right)           MUTATE_BINARY(n, left, right, &, |)
#define MUTATE_OR(n, left, right)            MUTATE_BINARY(n, left, right, |, &)
#define MUTATE_EXCLUSIVE(n, left, right)     MUTATE_BINARY(n, left, right, ^, |)
#define MUTATE_LEFT(n, left, right)          MUTATE_BINARY(n, left, right, <<, >>)
#define MUTATE_RIGHT(n, left, right)         MUTATE_BINARY(n, left, right, >>, <<)

/* The second operand counts where the first does not decide. */
#define MUTATE_BOTH(n, left, right)                                                                \
    ({                                                                                             \
        bool left_ = (left);                                                                       \
        left_ != mutant_is(n) ? (bool)(right) : left_;                                             \
    })
#define MUTATE_EITHER(n, left, right)                                                              \
    ({                                                                                             \
        bool left_ = (left);                                                                       \
        left_ == mutant_is(n) ? (bool)(right) : left_;                                             \
    })

#define MUTATE_CONSTANT(n, value)  ((value) + mutant_is(n))
#define MUTATE_CONDITION(n, value) (!!(value) != mutant_is(n))
#define MUTATE_STATEMENT(n, value) (mutant_is(n) ? (void)0 : (void)(value))
#define MUTATE_RETURN(n, value)    (mutant_is(n) ? 0 : (value))
#define MUTATE_BOOL(n, value)      (mutant_is(n) ? false : mutant_is((n) + 1) ? true : (value))
