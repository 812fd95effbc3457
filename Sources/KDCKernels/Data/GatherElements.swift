import KDCProgram

/// Kernels of `GatherElementsStep`.
enum GatherElementsKernels {
  static let scalar = StepFamily<GatherElementsStep>(
    name: "gather_elements_scalar",
    cycles: { step in
      let nest = LoopNest(step.walk)
      // Rows that lie densely are copied, others picked one by one.
      return nest.innerStride(1) == 0
        ? nest.scalarCycles(dense: 0.5, strided: 2.3) + Double(nest.count / max(nest.inner, 1) * step.rows.count) * 5
        : nest.scalarCycles(dense: 6, strided: 7) * Double(step.rows.count)
    },
    emit: { step in
      let nest = LoopNest(step.walk)
      let type = "uint\(step.elementBytes * 8)_t"
      let operands = [
        LoopNest.Operand(name: "x", type: "const \(type)", origin: "b[0]"),
        LoopNest.Operand(name: "k", type: "const int\(step.indexBytes * 8)_t", origin: "b[1]"),
        LoopNest.Operand(name: "y", type: type, origin: "b[2]"),
      ]
      let (strideX, strideIndex) = (nest.innerStride(0), nest.innerStride(1))
      let body = nest.emitInner(operands) { names, first, last in
        if strideIndex == 0 {
          return """
            \(IndexText.clampedPlace(step.rows, step.axisStrides, of: "\(names[1])[AXIS]"))
            for (size_t i = \(first); i < \(last); i++) \(names[2])[i] = \(names[0])[(ptrdiff_t)i * (\(strideX)) + place];
            """
        }
        let place = IndexText.clampedPlace(step.rows, step.axisStrides, of: "\(names[1])[i * \(strideIndex) + AXIS]")
        return """
          for (size_t i = \(first); i < \(last); i++) {
          \(CText.indented(place))
            \(names[2])[i] = \(names[0])[(ptrdiff_t)i * (\(strideX)) + place];
          }
          """
      }
      return KernelCode(body: body, units: nest.units)
    })
}

/// C of places that indices give.
enum IndexText {
  /// Declares `place`, Σ row · stride, with rows clamped to their axes. `index` is an index with AXIS for its number.
  static func clampedPlace(_ rows: [Int], _ strides: [Int], of index: String) -> String {
    lines(rows, strides, index) { row, count, stride in
      "place += (ptrdiff_t)(\(row) < 0 ? 0 : \(row) >= \(count) ? \(count - 1) : \(row)) * \(stride);"
    }
  }

  /// The same of rows that are all inside; where one is not, `inside` is 0 and `place` no place.
  static func checkedPlace(_ rows: [Int], _ strides: [Int], of index: String) -> String {
    "int inside = 1;\n"
      + lines(rows, strides, index) { row, count, stride in
        """
        inside &= \(row) >= 0 && \(row) < \(count);
        place += (ptrdiff_t)(inside ? \(row) : 0) * \(stride);
        """
      }
  }

  private static func lines(
    _ rows: [Int], _ strides: [Int], _ index: String, _ add: (_ row: String, Int, Int) -> String
  ) -> String {
    var text = "ptrdiff_t place = 0;"
    for (axis, (count, stride)) in zip(rows, strides).enumerated() {
      let row = "row\(axis)"
      text += """

        int64_t \(row) = \(index.replacing("AXIS", with: "\(axis)"));
        \(row) = \(row) < 0 ? \(row) + \(count) : \(row);
        \(add(row, count, stride))
        """
    }
    return text
  }
}
