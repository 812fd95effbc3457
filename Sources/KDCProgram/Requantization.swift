/// From an int32 accumulator to int8, in integers. With `m` the multiplier of the output channel:
///
///     a = acc · 2^preShift                      (mod 2^32; lowering proves that it fits)
///     h = rdmulh(a, m) = (2·a·m + 2^31) >> 32   (ARM SQRDMULH; m > 0, so it cannot saturate)
///     r = rshr(h, shift) = (h + 2^(shift−1)) >> shift, h where shift = 0   (ties up, no overflow)
///     y = clamp(sat16(sat16(r) + zeroPoint), low, high)
///
/// so that the real factor is m · 2^(preShift − 31 − shift). One pair of shifts a layer; multipliers absorb the
/// ratios between channels. preShift in 0...15, shift in 0...16, one of them 0 unless a fused residual needs the bits.
package struct Requantization: Hashable, Sendable, Codable {
  package var preShift: Int
  package var shift: Int
  package var zeroPoint: Int
  /// The clamp, within −128...127: saturation, and fused Relu/Clip.
  package var low: Int
  package var high: Int

  package init(preShift: Int, shift: Int, zeroPoint: Int, low: Int, high: Int) {
    self.preShift = preShift
    self.shift = shift
    self.zeroPoint = zeroPoint
    self.low = low
    self.high = high
  }
}

extension Requantization: CustomStringConvertible {
  package var description: String {
    let clamp = (low, high) == (-128, 127) ? "" : " clamp \(low)...\(high)"
    return "\(preShift == 0 ? "" : "preshift \(preShift) ")shift \(shift) zp \(zeroPoint)\(clamp)"
  }
}

extension Requantization {
  /// The formula above for one value.
  @inlinable @inline(__always)
  package func apply(_ accumulator: Int32, multiplier: Int32) -> Int8 {
    finish(rdmulh(accumulator &<< Int32(truncatingIfNeeded: preShift), multiplier))
  }

  /// From `h` on: rounding shift, zero point, clamp.
  @inlinable @inline(__always)
  package func finish(_ high32: Int32) -> Int8 {
    let rounded = sat16(rshr(high32, shift))
    let y = sat16(rounded + Int32(truncatingIfNeeded: zeroPoint))
    return Int8(truncatingIfNeeded: min(max(y, Int32(truncatingIfNeeded: low)), Int32(truncatingIfNeeded: high)))
  }
}

/// (2·a·b + 2^31) >> 32. b > 0.
@inlinable @inline(__always)
package func rdmulh(_ a: Int32, _ b: Int32) -> Int32 {
  Int32(truncatingIfNeeded: (Int64(a) &* Int64(b) &+ (1 << 30)) >> 31)
}

/// (x + 2^(s−1)) >> s without overflow, ties up; x where s = 0.
@inlinable @inline(__always)
package func rshr(_ x: Int32, _ s: Int) -> Int32 {
  s == 0 ? x : Int32(truncatingIfNeeded: (Int64(x) &+ (1 << Int64(s &- 1))) >> Int64(s))
}

@inlinable @inline(__always)
package func sat16(_ x: Int32) -> Int32 { min(max(x, -32768), 32767) }
