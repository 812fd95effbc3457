/// Softmax over the middle axis of [outer, count, inner], float32:
///
///     m = x₀, then x_i > m ? x_i : m ascending; e_i = exp(x_i − m); s = Σ e_i (ascending from 0)
///     y_i = e_i / s, or (x_i − m) − log(s) where `isLog`; all NaN where one is, or ∞, or where all are −∞
package struct SoftmaxStep: UnaryStep {
  package static let kind = "softmax"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var outer, count, inner: Int
  package var isLog: Bool

  package init(name: String, input: BufferID, output: BufferID, outer: Int, count: Int, inner: Int, isLog: Bool = false)
  {
    self.name = name
    self.input = input
    self.output = output
    self.outer = outer
    self.count = count
    self.inner = inner
    self.isLog = isLog
  }
}

extension SoftmaxStep {
  package var detail: String { "\(isLog ? "log, " : "")[\(outer),\(count),\(inner)]" }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Float.self))
    let y = memory.pointer(output, as: Float.self)
    for o in 0..<outer {
      for j in 0..<inner {
        let x = x + (o &* count &* inner &+ j)
        let y = y + (o &* count &* inner &+ j)
        var m = x[0]
        for i in 1..<max(count, 1) { m = x[i &* inner] > m ? x[i &* inner] : m }
        var s: Float = 0
        for i in 0..<count {
          let e = FloatMath.exp(x[i &* inner] - m)
          s = s + e
          if !isLog { y[i &* inner] = e }
        }
        if isLog {
          let log = FloatMath.log(s)
          for i in 0..<count { y[i &* inner] = log == log ? (x[i &* inner] - m) - log : log }
        } else {
          for i in 0..<count { y[i &* inner] = y[i &* inner] / s }
        }
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.positive(count, named: "count")
    check.buffer(input, outer, count, inner, bytes: 4, named: "input")
    check.buffer(output, outer, count, inner, bytes: 4, named: "output")
  }
}
