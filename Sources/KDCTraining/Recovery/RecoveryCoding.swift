extension RecoveryState: CheckpointState {
  func encode(into writer: inout ByteWriter) {
    for number in [epoch, step, optimizerSteps, epochsSinceBest, isDiverged ? 1 : 0] { writer.integer(number) }
    for number in [lossSum, before ?? .nan, bestHeldOut] { writer.double(number) }
    writer.text(stopReason ?? "")
    writer.integer(history.count)
    for epoch in history {
      writer.double(epoch.trainingLoss)
      writer.double(epoch.heldOut)
    }
    writer.arrays(parameters)
    writer.arrays(best)
    writer.integer(moments.count)
    for moment in moments { writer.arrays(moment) }
  }

  init?(from reader: inout ByteReader) {
    let integers = (0..<5).map { _ in Int(truncatingIfNeeded: reader.integer()) }
    let doubles = (0..<3).map { _ in reader.double() }
    (epoch, step, optimizerSteps, epochsSinceBest) = (integers[0], integers[1], integers[2], integers[3])
    isDiverged = integers[4] != 0
    (lossSum, before, bestHeldOut) = (doubles[0], doubles[1], doubles[2])
    let reason = reader.text()
    stopReason = reason.isEmpty ? nil : reason
    history = (0..<reader.count(of: 16)).map { _ in
      Recovery.Epoch(trainingLoss: reader.double(), heldOut: reader.double())
    }
    parameters = reader.arrays()
    best = reader.arrays()
    moments = (0..<reader.count(of: 8)).map { _ in reader.arrays() }
    guard reader.isAtEnd else { return nil }
  }
}
