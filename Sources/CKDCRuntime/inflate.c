/* DEFLATE (RFC 1951) into a buffer of known size. Written for streams that may be damaged on purpose: every read and
   write is checked, over-subscribed and incomplete codes are refused as zlib refuses them. */
#include "internal.h"

enum { MAX_BITS = 15, FAST_BITS = 10, MAX_SYMBOLS = 288 };

typedef struct {
  const uint8_t *from, *from_end;
  uint8_t *start, *to, *to_end;
  uint64_t bits;
  uint32_t count; /* of valid bits */
} stream;

/* A canonical code. fast[prefix] = symbol << 4 | length for codes of at most FAST_BITS bits, else 0. */
typedef struct {
  uint16_t fast[1 << FAST_BITS];
  uint16_t counts[MAX_BITS + 1];
  uint16_t symbols[MAX_SYMBOLS];
} code;

static void refill(stream *s) {
  while (s->count <= 56 && s->from < s->from_end) {
    s->bits |= (uint64_t)*s->from++ << s->count;
    s->count += 8;
  }
}

/* The next n <= 16 bits, or -1 at the end of the stream. */
static int take(stream *s, uint32_t n) {
  if (s->count < n) refill(s);
  if (s->count < n) return -1;
  int value = (int)(s->bits & ((1u << n) - 1));
  s->bits >>= n;
  s->count -= n;
  return value;
}

static uint32_t reversed(uint32_t value, uint32_t bits) {
  uint32_t result = 0;
  for (uint32_t i = 0; i < bits; i++) result |= (value >> i & 1) << (bits - 1 - i);
  return result;
}

/* 0 for lengths that are no prefix code. A single code of one bit is allowed where `single` is (distances). */
static int build(code *c, const uint8_t *lengths, uint32_t count, int single) {
  memset(c, 0, sizeof *c);
  for (uint32_t i = 0; i < count; i++) c->counts[lengths[i]]++;
  uint32_t used = count - c->counts[0];
  c->counts[0] = 0;
  int left = 1;
  uint16_t offsets[MAX_BITS + 2] = {0};
  uint32_t next[MAX_BITS + 2] = {0};
  for (uint32_t length = 1; length <= MAX_BITS; length++) {
    left = left * 2 - c->counts[length];
    if (left < 0) return 0;
    offsets[length + 1] = (uint16_t)(offsets[length] + c->counts[length]);
    next[length + 1] = (next[length] + c->counts[length]) << 1;
  }
  if (left > 0 && !(single && (used == 0 || (used == 1 && c->counts[1] == 1)))) return 0;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t length = lengths[i];
    if (!length) continue;
    c->symbols[offsets[length]++] = (uint16_t)i;
    uint32_t word = next[length]++;
    if (length <= FAST_BITS)
      for (uint32_t at = reversed(word, length); at < 1u << FAST_BITS; at += 1u << length)
        c->fast[at] = (uint16_t)(i << 4 | length);
  }
  return 1;
}

/* The next symbol, or -1. */
static int decode(stream *s, const code *c) {
  if (s->count < MAX_BITS) refill(s);
  uint32_t entry = c->fast[s->bits & ((1 << FAST_BITS) - 1)];
  if (entry && (entry & 15) <= s->count) {
    s->bits >>= entry & 15;
    s->count -= entry & 15;
    return (int)(entry >> 4);
  }
  int word = 0, first = 0, index = 0;
  for (uint32_t length = 1; length <= MAX_BITS && length <= s->count; length++) {
    word |= (int)(s->bits >> (length - 1) & 1);
    int count = c->counts[length];
    if (word - first < count) {
      s->bits >>= length;
      s->count -= length;
      return c->symbols[index + word - first];
    }
    index += count;
    first = (first + count) << 1;
    word <<= 1;
  }
  return -1;
}

static int stored_block(stream *s) {
  s->bits >>= s->count & 7;
  s->count -= s->count & 7;
  int length = take(s, 16), inverse = take(s, 16);
  if (length < 0 || inverse < 0 || (length ^ inverse) != 0xFFFF) return 0;
  for (; length && s->count; length--) {
    if (s->to == s->to_end) return 0;
    *s->to++ = (uint8_t)take(s, 8);
  }
  if (s->from_end - s->from < length || s->to_end - s->to < length) return 0;
  memcpy(s->to, s->from, (size_t)length);
  s->to += length;
  s->from += length;
  return 1;
}

static const uint16_t length_base[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                       31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_extra[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                       2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t distance_base[] = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                         33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                         1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};

static int coded_block(stream *s, const code *literals, const code *distances) {
  for (;;) {
    int symbol = decode(s, literals);
    if (symbol < 0) return 0;
    if (symbol < 256) {
      if (s->to == s->to_end) return 0;
      *s->to++ = (uint8_t)symbol;
      continue;
    }
    if (symbol == 256) return 1;
    symbol -= 257;
    if (symbol >= 29) return 0;
    int extra = take(s, length_extra[symbol]);
    if (extra < 0) return 0;
    ptrdiff_t length = length_base[symbol] + extra;
    symbol = decode(s, distances);
    if (symbol < 0 || symbol >= 30) return 0;
    extra = take(s, symbol < 4 ? 0 : (uint32_t)symbol / 2 - 1);
    if (extra < 0) return 0;
    ptrdiff_t distance = distance_base[symbol] + extra;
    if (distance > s->to - s->start || length > s->to_end - s->to) return 0;
    const uint8_t *source = s->to - distance;
    if (distance >= length) {
      memcpy(s->to, source, (size_t)length);
    } else {
      for (ptrdiff_t i = 0; i < length; i++) s->to[i] = source[i];
    }
    s->to += length;
  }
}

static int dynamic_codes(stream *s, code *literals, code *distances) {
  static const uint8_t order[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  int literal_count = take(s, 5) + 257, distance_count = take(s, 5) + 1, order_count = take(s, 4) + 4;
  if (literal_count < 257 || distance_count < 1 || order_count < 4 || literal_count > 286 || distance_count > 30)
    return 0;
  uint8_t lengths[320] = {0};
  for (int i = 0; i < order_count; i++) {
    int length = take(s, 3);
    if (length < 0) return 0;
    lengths[order[i]] = (uint8_t)length;
  }
  if (!build(literals, lengths, 19, 0)) return 0;
  int total = literal_count + distance_count;
  for (int at = 0; at < total;) {
    int symbol = decode(s, literals), repeat = 1;
    uint8_t value = (uint8_t)symbol;
    if (symbol < 0) return 0;
    if (symbol >= 16) {
      if (symbol == 16 && at == 0) return 0;
      value = symbol == 16 ? lengths[at - 1] : 0;
      repeat = symbol == 16 ? take(s, 2) : symbol == 17 ? take(s, 3) : take(s, 7);
      if (repeat < 0) return 0;
      repeat += symbol == 18 ? 11 : 3;
    }
    if (repeat > total - at) return 0;
    memset(lengths + at, value, (size_t)repeat);
    at += repeat;
  }
  if (!lengths[256]) return 0;
  return build(literals, lengths, (uint32_t)literal_count, 0) &&
         build(distances, lengths + literal_count, (uint32_t)distance_count, 1);
}

static void fixed_codes(code *literals, code *distances) {
  uint8_t lengths[288];
  memset(lengths, 8, 144);
  memset(lengths + 144, 9, 112);
  memset(lengths + 256, 7, 24);
  memset(lengths + 280, 8, 8);
  build(literals, lengths, 288, 0);
  memset(lengths, 5, 32); /* distances 30 and 31 complete the code and are refused where they occur */
  build(distances, lengths, 32, 0);
}

int kdc_inflate(const uint8_t *from, size_t from_size, uint8_t *to, size_t to_size) {
  code codes[2]; /* 5 KB: no memory that could be refused, which would look like a damaged stream */
  stream s = {from, from + from_size, to, to, to + to_size, 0, 0};
  int last = 0, good = 1;
  while (good && !last) {
    last = take(&s, 1);
    int kind = take(&s, 2);
    if (last < 0 || kind < 0 || kind == 3) {
      good = 0;
    } else if (kind == 0) {
      good = stored_block(&s);
    } else {
      if (kind == 1) fixed_codes(&codes[0], &codes[1]);
      good = (kind == 1 || dynamic_codes(&s, &codes[0], &codes[1])) && coded_block(&s, &codes[0], &codes[1]);
    }
  }
  return good && s.to == s.to_end && s.from == s.from_end && s.count < 8;
}
