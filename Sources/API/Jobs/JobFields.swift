extension FieldTable {
  /// How a picture is waited for.
  static let jobs: [Field] = [
    Field(
      name: "preview_every", kind: .integer(0...150), fallback: "5",
      summary: "Steps from one preview to the next where the reply is a stream of events; 0 for none."),
    Field(
      name: "detach", kind: .boolean, fallback: "false",
      summary: "Whether the job goes on when the client hangs up; its reply is then kept at GET /jobs/{id}."),
  ]
}

extension FieldValues {
  /// Steps from one preview to the next.
  var previewEvery: Int { integer("preview_every") ?? 5 }

  var isDetached: Bool { self["detach"] == .boolean(true) }
}
