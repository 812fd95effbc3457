import KDCGraph
import KDCOps

/// Replaces the steps between reals and integers that are no representation of a value by arithmetic, as those of 16 bits, of
/// several scales, or with scales that are computed; and what is left of operators on integers by operators on floats.
package enum ExpandQuantization: GraphPass {
  package static let name = "expand quantisation"

  package static func run(on graph: inout Graph) throws -> Int {
    var changes = 0
    while case let found = try ExpandOperators.expandAll(of: &graph, late: true), found > 0 { changes += found }
    return changes
  }
}
