/// One registered model: what its TOML file says.
public struct ModelEntry: Sendable, Equatable {
  /// What clients call it: `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`, unique among ids and aliases.
  public var id: String
  public var displayName: String
  /// The checkpoint, relative to the models folder.
  public var file: String
  /// Where the checkpoint comes from: `embedded`, `huggingface:OWNER/NAME`, an address, or a note.
  public var source: String
  /// Always `sdxl`.
  public var architecture: String
  /// Its place in listings; models without one come last.
  public var order: Int?
  /// 64 lower-case hexadecimal digits.
  public var sha256: String?
  /// Other ids that mean this model.
  public var aliases: [String]
  /// `epsilon` or `v_prediction`; `nil` means: as the checkpoint says.
  public var prediction: String?
  /// Whether the last timestep carries no signal; `nil` means: as the checkpoint says.
  public var zeroTerminalSNR: Bool?
  /// A name in the `vae` folder, without the ending; `nil` means the checkpoint's own.
  public var vae: String?
  public var defaults: Defaults
  /// `nil` means zero embeddings.
  public var negativePrompt: String?
  public var promptGuide: PromptGuide?
  /// Where `file` is: absolute, within the models folder unless a symbolic link leads elsewhere.
  public var path: String

  /// What a request gets that does not say otherwise.
  public struct Defaults: Sendable, Equatable {
    /// 0 to 30.
    public var cfg: Double
    /// 1 to 150.
    public var steps: Int
    /// Pixels, 64 to 2048, multiples of 8.
    public var width: Int
    public var height: Int
    public var scheduler: String?
    /// As A1111 counts: 1 is the last layer, 2 the one before. 1 to 12.
    public var clipSkip: Int?
    /// How much of the guided contrast is taken back, 0 to 1.
    public var cfgRescale: Double?
    /// `leading`, `trailing` or `linspace`.
    public var timestepSpacing: String?

    public init(
      cfg: Double, steps: Int, width: Int, height: Int, scheduler: String? = nil, clipSkip: Int? = nil
    ) {
      (self.cfg, self.steps, self.width, self.height) = (cfg, steps, width, height)
      (self.scheduler, self.clipSkip) = (scheduler, clipSkip)
    }
  }

  /// How to write prompts for this model. For people; the server does not use it.
  public struct PromptGuide: Sendable, Equatable {
    public var qualityTags: [String]
    /// In a word or two, for example `danbooru`.
    public var style: String?
    public var notes: String?

    public init(qualityTags: [String] = [], style: String? = nil, notes: String? = nil) {
      (self.qualityTags, self.style, self.notes) = (qualityTags, style, notes)
    }
  }

  /// An entry with what every model has; the rest starts absent.
  public init(
    id: String, displayName: String, file: String, source: String, path: String, defaults: Defaults
  ) {
    (self.id, self.displayName, self.file, self.source) = (id, displayName, file, source)
    (self.path, self.defaults) = (path, defaults)
    architecture = "sdxl"
    aliases = []
  }

  /// One line for listings: the name, the style of its prompts, the advice.
  public var description: String {
    let style = promptGuide?.style.map { " (\($0) prompts)" } ?? ""
    let notes = promptGuide?.notes.map { ": \($0)" } ?? ""
    return displayName + style + notes
  }
}
