/// A check of schedulers that knows two of them.
@Sendable func eulers(_ name: String) -> String? {
  ["euler", "euler_a"].contains(name) ? nil : "unknown scheduler"
}

/// A description that is right: eleven lines, the least a file may say.
let leastModel = """
  id = "least"
  display_name = "Least"
  file = "least.safetensors"
  source = "local"
  architecture = "sdxl"

  [defaults]
  cfg = 5.0
  steps = 28
  width = 832
  height = 1216
  """
