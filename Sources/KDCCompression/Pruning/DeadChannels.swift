import KDCGraph
import KDCTensor

extension DependencyGroups {
  /// Units of a group that can go without loss, whatever a measure of importance says of them: those that nothing reads
  /// (all their columns are zero), and, where `refitted` layers make up for a constant, those that nothing makes (all
  /// their filters are zero, so that only biases are left).
  func deadUnits(of index: Int, refitted: Bool) -> Set<Int> {
    let group = groups[index]
    let columns = group.consumers.map(\.place)
    return Set(
      (0..<group.count).filter { unit in
        isZero(unit, at: columns) || (refitted && isZero(unit, at: group.producers))
      })
  }

  /// Whether all weights of a unit are zero at these places; false where there are none, or none that are known.
  private func isZero(_ unit: Int, at places: [Place]) -> Bool {
    !places.isEmpty
      && places.allSatisfy { place in
        guard let tensor = graph.initializers[place.initializer], let values = tensor.floats,
          place.runs.indices.contains(unit)
        else { return false }
        let size = tensor.shape[place.axis]
        let inner = tensor.shape.dims[(place.axis + 1)...].reduce(1, *)
        let outer = tensor.shape.dims[..<place.axis].reduce(1, *)
        return place.runs[unit].joined().allSatisfy { position in
          (0..<outer).allSatisfy { block in
            let start = (block * size + position) * inner
            return values[start..<start + inner].allSatisfy { $0 == 0 }
          }
        }
      }
  }
}
