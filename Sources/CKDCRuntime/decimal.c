/* Decimal numbers as float32, rounded to nearest even, whatever the locale says about decimal points. */
#include "internal.h"

/* Digits and exponents beyond these change nothing: float32 goes from 1.4e-45 to 3.4e38. */
enum { WORDS = 24, MOST_DIGITS = 60, MOST_EXPONENT = 120 };

/* A natural number, lowest word first. 24 words hold 10^60 · 10^120 and some shifts. */
typedef struct {
  uint32_t word[WORDS];
} natural;

static void multiply_add(natural *n, uint32_t factor, uint32_t more) {
  uint64_t carry = more;
  for (int i = 0; i < WORDS; i++, carry >>= 32) {
    carry += (uint64_t)n->word[i] * factor;
    n->word[i] = (uint32_t)carry;
  }
}

/* a - b where that is not negative: 1, and a has it. Else 0. */
static int subtract(natural *a, const natural *b) {
  int i = WORDS - 1;
  while (i > 0 && a->word[i] == b->word[i]) i--;
  if (a->word[i] < b->word[i]) return 0;
  int64_t borrow = 0;
  for (i = 0; i < WORDS; i++, borrow >>= 32) {
    borrow += (int64_t)a->word[i] - b->word[i];
    a->word[i] = (uint32_t)borrow;
  }
  return 1;
}

static int is_less(const natural *a, const natural *b) {
  natural copy = *a;
  return !subtract(&copy, b);
}

static int is_zero(const natural *a) {
  uint32_t any = 0;
  for (int i = 0; i < WORDS; i++) any |= a->word[i];
  return !any;
}

/* The bits of over / under, both positive. */
static uint32_t quotient(natural *over, natural *under) {
  int exponent = 0;
  for (; is_less(over, under); exponent--) multiply_add(over, 2, 0);
  for (;; exponent++) {
    natural twice = *under;
    multiply_add(&twice, 2, 0);
    if (is_less(over, &twice)) break;
    *under = twice;
  }
  if (exponent > 127) return 0x7F800000u;
  int bits = exponent < -126 ? 150 + exponent : 24; /* of the significand; fewer below the smallest normal number */
  if (bits < 0) return 0;
  uint32_t value = 0;
  for (int i = 0; i <= bits; i++) {
    value = value << 1 | (uint32_t)subtract(over, under);
    multiply_add(over, 2, 0);
  }
  uint32_t half = value & 1;
  value >>= 1;
  value += half && (value & 1 || !is_zero(over));
  return bits == 24 ? ((uint32_t)(exponent + 126) << 23) + value : value; /* the leading bit adds 1 to the exponent */
}

int kdc_decimal_float(const char *text, float *result) {
  natural over = {{0}}, under = {{1}};
  int exponent = 0, digits = 0, point = 0, any = 0;
  uint32_t sign = *text == '-';
  text += sign;
  for (; (*text >= '0' && *text <= '9') || (*text == '.' && !point); text++) {
    if (*text == '.') {
      point = 1;
      continue;
    }
    any = 1;
    if (digits < MOST_DIGITS) {
      multiply_add(&over, 10, (uint32_t)(*text - '0'));
      digits += digits || *text != '0';
      exponent -= point;
    } else {
      exponent += !point;
    }
  }
  if (any && (*text | 32) == 'e') {
    int minus = text[1] == '-', part = 0;
    text += 1 + (text[1] == '-' || text[1] == '+');
    any = *text >= '0' && *text <= '9';
    for (; *text >= '0' && *text <= '9'; text++) part = part < 100000 ? part * 10 + (*text - '0') : part;
    exponent += minus ? -part : part;
  }
  if (!any || *text) return 0;
  uint32_t bits = 0;
  if (!is_zero(&over) && exponent + digits > -60 && exponent + digits < 60) {
    for (int i = 0; i < exponent && i < MOST_EXPONENT; i++) multiply_add(&over, 10, 0);
    for (int i = 0; i > exponent && i > -MOST_EXPONENT; i--) multiply_add(&under, 10, 0);
    bits = quotient(&over, &under);
  } else if (!is_zero(&over) && exponent + digits >= 60) {
    bits = 0x7F800000u;
  }
  bits |= sign << 31;
  memcpy(result, &bits, 4);
  return 1;
}
