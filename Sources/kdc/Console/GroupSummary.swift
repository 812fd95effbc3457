import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCOps

/// What `kdc inspect --groups` tells; the JSON has these keys.
struct GroupSummary: Encodable {
  struct Group: Encodable {
    var name: String
    /// How many channels there are to choose from.
    var channels: Int
    var prunable: Bool
    /// Why not: "graph output 'logits'".
    var fixedBy: String?
    /// MACs that removing one channel saves, in all layers together.
    var macsPerChannel: Int?
    /// Nodes that compute the channels, nodes they pass with parameters of their own, nodes that sum over them.
    var makes: [String]
    var passes: [String]
    var reads: [Reader]
  }
  struct Reader: Encodable {
    var node: String
    /// Inputs of the node for one channel: height · width after a Flatten.
    var inputsPerChannel: Int
  }

  var file: String
  var macs: Int
  var groups: [Group]

  init(_ found: DependencyGroups) throws {
    let graph = found.graph
    file = graph.file
    macs = graph.macs
    func name(_ index: Int) -> String {
      graph.nodes[index].name.isEmpty ? graph.nodes[index].outputs[0] : graph.nodes[index].name
    }
    func names(_ places: [DependencyGroups.Place]) -> [String] {
      var seen: Set<Int> = []
      return places.map(\.node).filter { seen.insert($0).inserted }.map(name)
    }
    let prunable = Set(found.prunable)
    let macs = graph.macs
    groups = try found.groups.enumerated().map { index, group in
      let isPrunable = prunable.contains(index)
      let makes = names(group.producers)
      return Group(
        name: group.name, channels: group.count, prunable: isPrunable,
        fixedBy: group.pinned ?? (isPrunable ? nil : "there is only one channel"),
        macsPerChannel: isPrunable ? macs - (try found.removing([index: [0]])).macs : nil, makes: makes,
        passes: names(group.passing).filter { !makes.contains($0) },
        reads: group.consumers.map {
          Reader(node: name($0.place.node), inputsPerChannel: $0.place.runs.first?.reduce(0) { $0 + $1.count } ?? 0)
        })
    }
  }

  var text: String {
    var rows = [["group", "channels", "MACs each", "made by", "passes", "read by"]]
    for group in groups where group.prunable {
      rows.append([
        group.name, "\(group.channels)", group.macsPerChannel.map(Figure.count) ?? "",
        group.makes.joined(separator: ", "), group.passes.joined(separator: ", "),
        group.reads.map { $0.inputsPerChannel > 1 ? "\($0.node) ×\($0.inputsPerChannel)" : $0.node }
          .joined(separator: ", "),
      ])
    }
    let total = groups.filter(\.prunable).reduce(0) { $0 + $1.channels }
    var lines = ["\(file): \(Figure.count(macs)) MACs, \(total) channels to prune in \(rows.count - 1) groups"]
    if rows.count > 1 { lines += TextTable.aligned(rows) { $0 == 1 || $0 == 2 }.map { "  " + $0 } }
    let fixed = groups.filter { !$0.prunable }
    if !fixed.isEmpty { lines.append("fixed:") }
    lines += fixed.map { "  \($0.name): \($0.channels) channels, by \($0.fixedBy ?? "")" }
    return lines.joined(separator: "\n")
  }
}
