import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Attributes of window functions.
package struct AudioWindow: Sendable {
  /// For spectra, where the window's next period would begin with its first element; otherwise it is symmetric.
  package let isPeriodic: Bool
  package let type: DataType

  init(decoding node: Node) throws(Diagnostic) {
    isPeriodic = try node.flag("periodic", default: true)
    type = try node.floatOutput("output_datatype")
  }
}

extension Node {
  /// An attribute that is the number of a float type; float32 by default.
  func floatOutput(_ name: String) throws(Diagnostic) -> DataType {
    let code = try int(name, default: DataType.float32.onnxCode)
    guard let type = DataType(onnxCode: code), type.isFloat else {
      throw unsupported("'\(opType)' with \(name) \(code)", notes: ["supported: 1 (float), 10 (float16), 11 (double)"])
    }
    return type
  }
}

/// A window function a₀ − a₁ cos(2πi / N) + a₂ cos(4πi / N) of `size` elements, a constant.
protocol AudioWindowFunction: Expanding {
  var window: AudioWindow { get }
  init(_ window: AudioWindow)
  /// a₀, a₁, a₂.
  static var coefficients: [Double] { get }
}

extension AudioWindowFunction {
  package init(decoding node: Node) throws(Diagnostic) { self.init(try AudioWindow(decoding: node)) }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let size = try constantInt(inputs, 0, "size") ?? 0
    guard (1...1 << 24).contains(size) else {
      throw Diagnostic(.valueOutOfRange, "'\(Self.onnxName)' with a size of \(size), which must be positive")
    }
    let period = Double(max(1, window.isPeriodic ? size : size - 1))
    let values = (0..<size).map { index in
      let angle = 2 * Double.pi * Double(index) / period
      let terms = Self.coefficients.enumerated().map { order, factor in
        (order % 2 == 0 ? factor : -factor) * cos(Double(order) * angle)
      }
      return Float(terms.reduce(0, +))
    }
    let constant = expansion.constant(Tensor([size], values).cast(to: window.type))
    expansion.outputs = [try expansion.add("Identity", [constant])]
  }
}
