/// A model's description that is right: eleven lines, the least a file may say.
public let leastModel = """
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
