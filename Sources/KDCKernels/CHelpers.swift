/// A shared piece of C that kernel bodies call: a `static inline` function or a macro, with what it needs itself.
package struct CHelper: Sendable {
  package let name: String
  /// Names of helpers that must stand before this one.
  package let uses: [String]
  package let text: String
  package init(_ name: String, uses: [String] = [], _ text: String) {
    self.name = name
    self.uses = uses
    self.text = text
  }
}

package enum CHelpers {
  /// Every helper, each after those it uses.
  package static let all: [CHelper] =
    [inlining] + loops + scalar + float + power + neonConvolution + neonWinograd + neonFast + avx2Convolution
    + vnniConvolution
    + ScalarConvert.helpers + ScalarIntegerBinary.helpers + ScalarRemainder.helpers + ScalarRecurrent.helpers
    + NeonConvert.helpers + X86Convert.helpers

  /// How helpers are inlined: a loop that calls one is only vectorised where that is inlined, however long it is and however often
  /// it is called.
  static let inlining = CHelper(
    "KDC_INLINE",
    """
    #define KDC_INLINE static inline __attribute__((always_inline, unused))
    #define KDC_UNROLL _Pragma("clang loop unroll(full)")
    """)

  /// What every kernel is declared with; kernels seldom use all of their parameters.
  package static let kernelMacro = """
    #define KDC_UNUSED __attribute__((unused))
    #define KDC_KERNEL(name)                                                              \\
      static void name(void *const *b KDC_UNUSED, const void *const *c KDC_UNUSED,        \\
                       uint32_t begin KDC_UNUSED, uint32_t end KDC_UNUSED)
    """
  /// A function that kernels share: `numbers` are those in which they differ.
  package static let sharedMacro = """
    #define KDC_SHARED(name)                                                              \\
      static __attribute__((noinline)) void name(void *const *b, const void *const *c,    \\
                                                 uint32_t begin, uint32_t end, const int32_t *numbers)
    """

  /// The text of `names` and of all that they use, in the order of `all`.
  package static func source(for names: Set<String>) -> String {
    var wanted = names
    for helper in all.reversed() where wanted.contains(helper.name) { wanted.formUnion(helper.uses) }
    return all.filter { wanted.contains($0.name) }.map(\.text).joined(separator: "\n")
  }

  /// The integer semantics of `Requantization`, in portable C.
  static let scalar: [CHelper] = [
    CHelper(
      "kdc_rdmulh",
      """
      static inline int32_t kdc_rdmulh(int32_t a, int32_t m) {
        return (int32_t)(((int64_t)a * m + (1 << 30)) >> 31);
      }
      """),
    CHelper(
      "kdc_finish",
      """
      // Rounding shift, zero point, clamp.
      static inline int8_t kdc_finish(int32_t h, int shift, int zero_point, int low, int high) {
        int32_t r = shift ? (int32_t)(((int64_t)h + ((int64_t)1 << (shift - 1))) >> shift) : h;
        r = r > 32767 ? 32767 : r < -32768 ? -32768 : r;
        r += zero_point;
        r = r > 32767 ? 32767 : r < -32768 ? -32768 : r;
        return (int8_t)(r < low ? low : r > high ? high : r);
      }
      """),
  ]
}
