/// Sums in a fixed order that vector instructions follow: partial sums of lanes, then the rest.
package enum VectorSums {
  @inline(__always)
  package static func sum(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
    var (parts, more) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
    var i = 0
    while i &+ 16 <= count {
      parts += load(x + i)
      more += load(x + (i &+ 8))
      i &+= 16
    }
    parts += more
    if i &+ 8 <= count {
      parts += load(x + i)
      i &+= 8
    }
    var total = parts.sum()
    while i < count {
      total += x[i]
      i &+= 1
    }
    return total
  }

  /// Σ (x[i] − offset)².
  @inline(__always)
  package static func squares(_ x: UnsafePointer<Float>, minus offset: Float, _ count: Int) -> Float {
    var parts = SIMD8<Float>.zero
    var i = 0
    while i &+ 8 <= count {
      let value = load(x + i) - offset
      parts += value * value
      i &+= 8
    }
    var total = parts.sum()
    while i < count {
      total += (x[i] - offset) * (x[i] - offset)
      i &+= 1
    }
    return total
  }

  /// Σ a[i] · b[i].
  @inline(__always)
  package static func product(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
    var parts = SIMD8<Float>.zero
    var i = 0
    while i &+ 8 <= count {
      parts += load(a + i) * load(b + i)
      i &+= 8
    }
    var total = parts.sum()
    while i < count {
      total += a[i] * b[i]
      i &+= 1
    }
    return total
  }

  /// Three products Σ a[i] · bₖ[i] at once; `count` is a multiple of 8.
  @inline(__always)
  static func products(
    _ a: UnsafePointer<Float>, _ b: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>), _ count: Int
  ) -> (Float, Float, Float) {
    var parts = (SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero)
    var i = 0
    while i < count {
      let value = load(a + i)
      parts.0 += value * load(b.0 + i)
      parts.1 += value * load(b.1 + i)
      parts.2 += value * load(b.2 + i)
      i &+= 8
    }
    return (parts.0.sum(), parts.1.sum(), parts.2.sum())
  }

  @inline(__always)
  static func load(_ x: UnsafePointer<Float>) -> SIMD8<Float> {
    UnsafeRawPointer(x).loadUnaligned(as: SIMD8<Float>.self)
  }

  @inline(__always)
  static func store(_ value: SIMD8<Float>, _ x: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(x).storeBytes(of: value, as: SIMD8<Float>.self)
  }
}
