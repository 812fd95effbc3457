/* Which of the bundle's code variants suits this machine. */
#include "internal.h"

enum { AT_HWCAP_KEY = 16, HWCAP_CPUID_BIT = 1 << 11 };

#if defined(__aarch64__)
/* Linux before 4.11 does not let programs read MIDR_EL1, but /proc/cpuinfo has the part of every core. */
static uint32_t part_from_cpuinfo(void) {
  char text[4096];
  int file = open("/proc/cpuinfo", KDC_O_RDONLY | KDC_O_CLOEXEC);
  if (file < 0) return 0;
  long size = read(file, text, sizeof text);
  close(file);
  static const char key[] = "CPU part";
  for (long at = 0; at + 24 <= size; at++) {
    if (memcmp(text + at, key, sizeof key - 1)) continue;
    while (at + 1 < size && text[at] != 'x' && text[at] != '\n') at++;
    uint32_t part = 0;
    for (at++; at < size; at++) {
      char c = text[at];
      if (c >= '0' && c <= '9')
        part = part << 4 | (uint32_t)(c - '0');
      else if (c >= 'a' && c <= 'f')
        part = part << 4 | (uint32_t)(c - 'a' + 10);
      else
        break;
    }
    return part & 0xFFF;
  }
  return 0;
}

uint32_t kdc_cpu_part(void) {
  if (!(getauxval(AT_HWCAP_KEY) & HWCAP_CPUID_BIT)) return part_from_cpuinfo();
  uint64_t midr;
  __asm__("mrs %0, MIDR_EL1" : "=r"(midr));
  return midr >> 4 & 0xFFF;
}

uint32_t kdc_cpu_features(void) {
  const unsigned long hwcap = getauxval(AT_HWCAP_KEY);
  uint32_t features = 0;
#define LOOK_FOR(feature, bit) features |= hwcap & 1ul << (bit) ? feature : 0;
  KDC_HWCAP_FEATURES(LOOK_FOR)
  return features;
}

#else
uint32_t kdc_cpu_part(void) { return 0; }

typedef struct {
  uint32_t a, b, c, d;
} cpuid_words;

static cpuid_words cpuid(uint32_t leaf, uint32_t part) {
  cpuid_words w = {leaf, 0, part, 0};
  __asm__("cpuid" : "+a"(w.a), "=b"(w.b), "+c"(w.c), "=d"(w.d));
  return w;
}

uint32_t kdc_cpu_features(void) {
  enum { F = 1u << 16, DQ = 1u << 17, BW = 1u << 30 };
  const uint32_t vl = 1u << 31, vnni = 1u << 11;
  const cpuid_words basic = cpuid(1, 0);
  if (cpuid(0, 0).a < 7 || !(basic.c >> 27 & 1) || !(basic.c >> 28 & 1)) return 0; /* leaf 7, OSXSAVE, AVX */
  uint32_t saved, ignored;
  __asm__("xgetbv" : "=a"(saved), "=d"(ignored) : "c"(0));
  if ((saved & 6) != 6) return 0; /* the system saves XMM and YMM registers */
  const cpuid_words more = cpuid(7, 0);
  if (!(more.b >> 5 & 1) || !(basic.c >> 12 & 1)) return 0; /* AVX2, FMA */
  uint32_t features = KDC_NEEDS_AVX2;
  if (more.a >= 1 && cpuid(7, 1).a >> 4 & 1) features |= KDC_NEEDS_AVX_VNNI;
  const uint32_t wanted = F | DQ | BW | vl;
  if ((saved & 0xE0) == 0xE0 && (more.b & wanted) == wanted && more.c & vnni) features |= KDC_NEEDS_AVX512_VNNI;
  return features;
}
#endif

uint32_t kdc_cpu_count(void) {
#if defined(__aarch64__)
  enum { SCHED_GETAFFINITY = 123 };
#else
  enum { SCHED_GETAFFINITY = 204 };
#endif
  uint64_t mask[16] = {0};
  long size = syscall(SCHED_GETAFFINITY, 0L, sizeof mask, mask);
  uint32_t count = 0;
  for (long i = 0; i < size / 8 && i < 16; i++)
    for (uint64_t word = mask[i]; word; word &= word - 1) count++;
  return count ? count : 1;
}

/* The variant for this very core, else of those that it can run the one that needs the strongest instructions. */
const kdc_variant *kdc_choose_variant(const kdc_model_code *code, uint32_t part, uint32_t features) {
  const kdc_variant *best = NULL;
  for (uint32_t i = 0; i < code->variant_count; i++) {
    const kdc_variant *variant = code->variants[i];
    if (variant->required & ~features) continue;
    if (!best || variant->required > best->required) best = variant;
    for (uint32_t j = 0; part && j < 8 && variant->cpu_parts[j]; j++)
      if (variant->cpu_parts[j] == part) return variant;
  }
  return best;
}
