//! Where in its way a record could not be processed.

/// Where in its way a record failed, by Kafka's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The sink task's put, or a record that it reported.
    TaskPut,
    /// The key's converter.
    KeyConverter,
    /// The value's converter.
    ValueConverter,
    /// The headers' converter.
    HeaderConverter,
    /// Sending to Kafka.
    KafkaProduce,
}

impl Stage {
    /// Kafka's name, as in logs and in the headers of dead letters.
    pub fn name(self) -> &'static str {
        match self {
            Stage::TaskPut => "TASK_PUT",
            Stage::KeyConverter => "KEY_CONVERTER",
            Stage::ValueConverter => "VALUE_CONVERTER",
            Stage::HeaderConverter => "HEADER_CONVERTER",
            Stage::KafkaProduce => "KAFKA_PRODUCE",
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
