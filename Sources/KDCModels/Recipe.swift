import KDCDiagnostics

/// A recipe: commands of kdc with variables and loops, and the table that their results make.
package struct Recipe {
  package struct Step: Sendable {
    /// Line of the step in the file.
    package var line: Int
    package var action: Action
  }

  package enum Action: Sendable {
    /// Arguments of one kdc command, variables filled in.
    case run([String])
    /// A model to evaluate on labelled samples, in a row of the table.
    case measure(model: String, data: String, row: String)
  }

  package var name: String
  /// The published work.
  package var source: String
  /// What it claims.
  package var claim: String
  /// Where its samples come from, for those who lack them.
  package var data: String?
  /// Devices whose estimated times stand in the table.
  package var targets: [String]
  /// In order, loops unrolled.
  package var steps: [Step]
  package var variables: [String: String]

  /// Variables whose values are files: those with a slash.
  package var files: [(name: String, path: String)] {
    variables.filter { $0.value.contains("/") }.map { ($0.key, $0.value) }.sorted { $0.name < $1.name }
  }

  /// - Parameters:
  ///   - places: names that values may use, as `recipe` for the recipe's folder.
  ///   - settings: values from outside, in place of the file's; with commas where the file has a list.
  ///   - isSmoke: the file's `smoke` values count.
  /// - Throws: a `DiagnosticList` of `invalidDescription`, each with file and line.
  package init(
    _ text: String, path: String, places: [String: String], settings: [String: String], isSmoke: Bool
  ) throws {
    let map = try YAMLMap.file(text, path: path, as: "a recipe")
    name = map.text("name") ?? ""
    map.missing("name")
    source = map.text("source") ?? ""
    claim = map.text("claim") ?? ""
    data = map.text("data")
    targets = map.texts("targets") ?? []
    var variables: [String: [String]] = [:]
    var lists: Set<String> = []
    for (key, isUsed) in [("variables", true), ("smoke", isSmoke)] {
      guard let values = map.map(key) else { continue }
      for name in values.keys {
        let list = values.texts(name) ?? []
        if key == "smoke" && variables[name] == nil {
          Self.reportUnknown(name, variables, map, line: values.line(of: name))
        }
        if values.isList(name) { lists.insert(name) }
        if isUsed { variables[name] = list }
      }
    }
    for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
      if variables[name] == nil { Self.reportUnknown(name, variables, map, line: map.line(of: "variables")) }
      variables[name] = lists.contains(name) ? value.split(separator: ",").map(String.init) : [value]
    }
    variables = variables.mapValues { values in values.map { Self.fill($0, places, map) } }
    for (name, place) in places { variables[name] = [place] }
    self.variables = variables.mapValues { $0.joined(separator: ",") }
    steps = []
    let maps = map.maps("steps") ?? []
    map.missing("steps")
    for step in maps { steps += Self.steps(step, variables) }
    map.finish()
    try map.faults.check()
  }

  /// Of one loop. More than anyone waits for: a slip, which would fill the memory.
  private static let mostRounds = 10_000

  private static func steps(_ map: YAMLMap, _ variables: [String: [String]]) -> [Step] {
    let command = map.text("run")
    let measured = map.text("measure")
    let (row, data) = (map.text("row"), map.text("data"))
    var loops: [(name: String, values: [String])] = []
    if let loop = map.map("for") {
      for name in loop.keys {
        let texts = loop.texts(name) ?? []
        // A variable by itself stands for its list.
        let isVariable = texts.count == 1 && texts[0].hasPrefix("${") && texts[0].hasSuffix("}")
        let list = isVariable ? variables[String(texts[0].dropFirst(2).dropLast())] : nil
        if list ?? texts == [] { loop.faults.report("'\(name)' has no values", line: loop.line(of: name)) }
        loops.append((name, list ?? texts))
      }
    }
    map.finish()
    guard (command == nil) != (measured == nil) else {
      map.faults.report("a step has either 'run' or 'measure'", line: map.line)
      return []
    }
    if measured != nil && row == nil { map.missing("row") }
    for key in ["row", "data"] where command != nil && map.has(key) {
      map.faults.report("'\(key)' goes with 'measure'", line: map.line(of: key))
    }
    guard loops.reduce(1, { min($0, mostRounds + 1) * $1.values.count }) <= mostRounds else {
      map.faults.report("the loops go round more than \(mostRounds) times", line: map.line(of: "for"))
      return []
    }
    var settings = [variables.mapValues { $0.joined(separator: ",") }]
    for loop in loops {
      settings = settings.flatMap { outer in
        loop.values.map { value in outer.merging([loop.name: fill(value, outer, map)]) { $1 } }
      }
    }
    let line = map.line ?? 0
    return settings.map { setting in
      if let measured {
        let texts = [measured, data ?? "${eval}", row ?? ""].map { fill($0, setting, map) }
        return Step(line: line, action: .measure(model: texts[0], data: texts[1], row: texts[2]))
      }
      let words = (command ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
      return Step(line: line, action: .run(words.map { fill($0, setting, map) }))
    }
  }

  private static func reportUnknown(_ name: String, _ variables: [String: [String]], _ map: YAMLMap, line: Int?) {
    let known = variables.keys.sorted()
    map.faults.report(
      "'\(name)' is not a variable of the recipe", line: line, notes: ["known: " + known.joined(separator: ", ")],
      hint: didYouMean(name, known).map { "did you mean '\($0)'?" })
  }

  /// Replaces each ${name}, inner ones first: ${train_${net}}.
  private static func fill(_ text: String, _ values: [String: String], _ map: YAMLMap) -> String {
    var text = text
    // Bounded: a value that is a path may itself look like a variable.
    for _ in 0..<100 {
      guard let start = text.ranges(of: "${").last, let end = text[start.upperBound...].firstIndex(of: "}") else {
        break
      }
      let name = String(text[start.upperBound..<end])
      if values[name] == nil {
        map.faults.report(
          "there is no variable '\(name)'", line: map.line,
          notes: ["known: " + values.keys.sorted().joined(separator: ", ")],
          hint: didYouMean(name, values.keys.sorted()).map { "did you mean '${\($0)}'?" })
      }
      text.replaceSubrange(start.lowerBound...end, with: values[name] ?? "")
    }
    return text
  }
}
