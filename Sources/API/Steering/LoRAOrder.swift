import Generation
import Registry

/// A LoRA that a request asks for.
struct LoRAOrder: Sendable, Equatable {
  let name: String
  let scale: Double
  /// Where the body names it.
  let path: FieldPath

  /// In the order in which they are applied: `lora_name`, `loras`, those of the prompt.
  static func all(
    _ values: FieldValues, prompt: [PromptNetworks.LoRA], _ mistakes: inout Mistakes
  ) -> [LoRAOrder] {
    var orders: [LoRAOrder] = []
    if let name = values.text("lora_name") {
      let path = FieldPath("lora_name")
      orders.append(LoRAOrder(name: name, scale: values.number("lora_scale") ?? 1, path: path))
    }
    for (index, value) in values.list("loras").enumerated() {
      guard case .object(let lora) = value, let name = lora.text("name") else { continue }
      let path = FieldPath("loras").element(index).member("name")
      orders.append(LoRAOrder(name: name, scale: lora.number("scale") ?? 1, path: path))
    }
    orders += prompt.map { LoRAOrder(name: $0.name, scale: $0.scale, path: FieldPath("prompt")) }
    var seen: Set<String> = []
    for order in orders where !seen.insert(order.name).inserted {
      mistakes.note("the LoRA \(order.name) is asked for more than once", at: order.path)
    }
    if orders.count > FieldTable.mostLoRAs, let last = orders.last {
      mistakes.note("there should be at most \(FieldTable.mostLoRAs) LoRAs in all", at: last.path)
    }
    return orders
  }
}
