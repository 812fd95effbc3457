import KDCDiagnostics
import KDCTensor

/// What a student is to answer: cached outputs of the teacher and of the original student, and labels, by sample.
package struct DistillationTargets: Sendable {
  /// The student's outputs, each with its labels if there are any.
  package let heads: [Head]
  /// Number of samples, views included.
  package let count: Int
  private let teacher: [String: Rows]
  private let student: [String: Rows]
  private let labels: [String: Rows]
  /// Mean square of each head's values about their mean, to judge errors of unbounded values by.
  private let variances: [String: Double]

  /// - Parameters:
  ///   - heads: the student's outputs; labels are per original sample, so fewer than outputs where samples have views.
  ///   - teacher: its outputs by the student's output name and sample; nil where the student teaches itself.
  ///   - student: outputs of the student as it was given.
  /// - Throws: a `DiagnosticList` of `targetMismatch` and `labelOutOfRange`.
  package init(heads: [Head], teacher: [String: [[Float]]]?, student: [String: [[Float]]]) throws {
    var faults = Self.labelFaults(heads)
    var (teachers, students): ([String: Rows], [String: Rows]) = ([:], [:])
    for head in heads {
      guard let own = student[head.name].flatMap(Rows.init) else {
        throw InternalError("no outputs of the student's head '\(head.name)'")
      }
      students[head.name] = own
      guard let teacher else { continue }
      guard let rows = teacher[head.name].flatMap(Rows.init), rows.width == own.width, rows.count == own.count else {
        let found = teacher[head.name]
        faults.append(
          Diagnostic(
            .targetMismatch,
            "the teacher gives \(found?.first?.count ?? 0) values for each of \(found?.count ?? 0) samples, the student's "
              + "'\(head.name)' \(own.width) for each of \(own.count)",
            hint: "teacher and student must have the same classes and the same samples"))
        continue
      }
      teachers[head.name] = rows
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    self.heads = heads
    self.teacher = teachers
    self.student = students
    count = students.values.map(\.count).min() ?? 0
    var labels: [String: Rows] = [:]
    var variances: [String: Double] = [:]
    for head in heads {
      if let tensor = head.labels, let n = tensor.shape.dims.first, n > 0 {
        labels[head.name] = Rows(values: tensor.asFloats, width: tensor.count / n)
      }
      variances[head.name] = (teachers[head.name] ?? students[head.name])?.variance
    }
    self.labels = labels
    self.variances = variances
  }

  /// Adds all values.
  func hash(into hash: inout StableHash) {
    for head in heads {
      hash.add(head.name)
      for rows in [teacher[head.name], student[head.name], labels[head.name]] { hash.add(rows?.values ?? []) }
    }
  }

  package var hasTeacher: Bool { !teacher.isEmpty }
  package var hasLabels: Bool { !labels.isEmpty }

  package func teacher(_ head: Head, _ sample: Int) -> [Double]? { teacher[head.name]?[sample] }
  package func student(_ head: Head, _ sample: Int) -> [Double]? { student[head.name]?[sample] }
  package func variance(_ head: Head) -> Double { variances[head.name] ?? 1 }

  /// The label of a sample; nil where it has none: a class of −1, or a place in the picture where that was moved.
  package func label(_ head: Head, _ sample: Int) -> [Double]? {
    guard let rows = labels[head.name], rows.count > 0 else { return nil }
    switch head.kind {
    case .classes, .sign:
      let label = rows[sample % rows.count]
      return label[0] < 0 ? nil : label
    case .independent: return rows[sample % rows.count]
    case .box, .values: return sample < rows.count ? rows[sample] : nil
    }
  }

  /// Labels that no head can give: classes outside −1 ..< count, answers above 1, other widths than the head's; and flags
  /// for an output of which nothing says whether they are answers or numbers.
  package static func labelFaults(_ heads: [Head]) -> [Diagnostic] {
    heads.compactMap { head in
      guard let labels = head.labels, let n = labels.shape.dims.first, n > 0 else { return nil }
      let values = labels.asFloats
      let limit: Float
      switch head.kind {
      case .classes(let count): limit = Float(count - 1)
      case .sign: limit = 1
      case .box: return nil
      case .independent(let count) where labels.count == n * count:
        guard let at = values.firstIndex(where: { !($0 >= -1 && $0 <= 1) }) else { return nil }
        return Diagnostic(
          .labelOutOfRange, "sample \(at / count) has the label \(values[at]) for '\(head.name)', which knows 0 to 1",
          hint: "−1 stands for a question without an answer")
      case .values(let count), .independent(let count):
        guard labels.count != n * count else {
          guard head.output == nil, OneHotLabels.areFlags(labels) else { return nil }
          return Diagnostic(
            .targetMismatch, "labels of '\(head.name)' are rows of zeros and ones, and not a single one in each",
            hint: "say what the output is: --output \(head.name)=sigmoid for answers to questions of their own, "
              + "\(head.name)=regression for numbers")
        }
        return Diagnostic(
          .targetMismatch, "labels of '\(head.name)' have the shape \(labels.shape), and it has \(count) values",
          hint: "a head of values takes one label for each of them, and a head of classes one for each sample")
      }
      let isClass = limit > 1 || head.kind != .sign
      guard labels.count == n else {
        return Diagnostic(
          .targetMismatch, "labels of '\(head.name)' have the shape \(labels.shape)",
          hint: "a head of classes takes one label for each sample, or a row of zeros and a one")
      }
      guard let at = values.firstIndex(where: { !($0 >= -1 && $0 <= limit) || isClass && $0 != $0.rounded() }) else {
        return nil
      }
      return Diagnostic(
        .labelOutOfRange, "sample \(at) has the label \(values[at]) for '\(head.name)', which knows 0 to \(Int(limit))",
        hint: "−1 marks a sample without a label")
    }
  }
}

/// Rows of one width, in one piece of memory.
struct Rows: Sendable {
  let values: [Float]
  let width: Int

  init(values: [Float], width: Int) {
    self.values = values
    self.width = width
  }

  /// nil where rows differ in length or there are none.
  init?(_ rows: [[Float]]) {
    guard let width = rows.first?.count, width > 0, rows.allSatisfy({ $0.count == width }) else { return nil }
    values = Array(rows.joined())
    self.width = width
  }

  var count: Int { width > 0 ? values.count / width : 0 }

  subscript(row: Int) -> [Double] { values[row * width..<(row + 1) * width].map(Double.init) }

  /// Mean square about the mean of each column; 1 where the values do not differ.
  var variance: Double {
    var sum = 0.0
    for column in 0..<width {
      let column = stride(from: column, to: values.count, by: width).map { Double(values[$0]) }
      let mean = column.reduce(0, +) / Double(max(column.count, 1))
      sum += column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    let variance = sum / Double(max(values.count, 1))
    return variance > 1e-12 ? variance : 1
  }
}
