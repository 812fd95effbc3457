import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Sums of products by Einstein's convention: "bij,bjk->bik". ONNX `Einsum`, opset 12.
///
/// Operands are joined from left to right: what both have and nobody reads later is summed by a matrix product, everything
/// else follows from sums, diagonals and transposes. Broadcast dimensions stand for "...".
package struct Einsum: Expanding {
  package static let onnxName = "Einsum"
  package static let inputCount = 1...64
  package let equation: EinsumEquation

  package init(decoding node: Node) throws(Diagnostic) {
    guard let text = try node.optionalString("equation") else { throw node.invalid("equation", "is missing") }
    guard let equation = EinsumEquation(text) else {
      throw node.invalid("equation", "is \"\(text)\"", hint: "letters, commas, ... and -> with letters of the operands")
    }
    self.equation = equation
  }

  /// A value, and which index runs along each of its axes.
  struct Term {
    var value: String
    var labels: [Int]
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    guard inputs.count == equation.terms.count else {
      throw shapeMismatch("\(inputs.count) operands for an equation of \(equation.terms.count)")
    }
    var terms: [Term] = []
    for index in inputs.indices {
      let value = try float(inputs, index, "Inputs[\(index)]", &expansion)
      let shape = expansion.shape(of: value)
      guard let labels = equation.labels(of: index, rank: shape.rank) else {
        throw shapeMismatch("operand \(index) \(shape) has other axes than the equation says")
      }
      terms.append(try diagonal(Term(value: value, labels: labels), &expansion))
    }
    let sizes = try sizes(of: terms, expansion)
    for index in terms.indices { terms[index] = try squeezed(terms[index], sizes, &expansion) }
    let output = equation.output(of: terms.map(\.labels))
    guard Set(output).isSubset(of: terms.flatMap(\.labels)) else {
      throw shapeMismatch("the output has an index that no operand has")
    }
    var joined = terms[0]
    for index in terms.indices.dropFirst() {
      let wanted = Set(output).union(terms[(index + 1)...].flatMap(\.labels))
      joined = try product(joined, terms[index], wanted, &expansion)
    }
    joined = try summed(joined, keeping: Set(output), &expansion)
    let y = try ordered(joined, output, &expansion)
    try finish(inputs, [y == expansion.inputs[0] ? expansion.add("Identity", [y]) : y], &expansion)
  }

  /// The dimension of each index; throws KDC2014 where operands differ.
  private func sizes(of terms: [Term], _ expansion: Expansion) throws(Diagnostic) -> [Int: Int] {
    var sizes: [Int: Int] = [:]
    for term in terms {
      for (label, dim) in zip(term.labels, expansion.shape(of: term.value).dims) {
        let known = sizes[label] ?? 1
        guard known == 1 || dim == 1 || known == dim else {
          throw shapeMismatch("an index has \(known) values in one operand and \(dim) in another")
        }
        sizes[label] = known == 1 ? dim : known
      }
    }
    return sizes
  }
}
