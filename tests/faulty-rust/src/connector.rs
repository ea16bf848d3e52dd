//! The connectors: each call may be the one that panics.

use connect_plugin::{
    Blocking, Config, ConfigDef, ConfigKey, ConfigValue, Connector, ConnectorContext, ExactlyOnce, Result,
    SinkConnector, SourceConnector, Validator,
};

use crate::Trap;
use crate::sink::PanicsSinkTask;
use crate::source::PanicsSourceTask;

fn definitions() -> ConfigDef {
    ConfigDef::new()
        .key(ConfigKey::string("topic").default("panics").doc("Where records go"))
        .key(ConfigKey::string("panic.in").default("").doc("The call that panics"))
        .key(
            ConfigKey::password("secret")
                .default_null()
                .validator(Validator::Pattern("good-.*".into()))
                .doc("What nobody shall see"),
        )
}

/// What all of them do; the name of the connector stands in for the config where there is none yet.
#[derive(Default)]
pub struct Common {
    trap: Trap,
}

impl Common {
    fn create(context: &ConnectorContext) -> Common {
        Trap(context.connector().to_owned()).check("connector.create");
        Common::default()
    }

    fn validate(&self, config: &Config) {
        Trap::of(config).check("connector.validate");
    }

    fn start(&mut self, config: &Config) {
        self.trap = Trap::of(config);
        self.trap.check("connector.start");
    }
}

impl Drop for Common {
    fn drop(&mut self) {
        self.trap.check("connector.drop");
    }
}

macro_rules! connectors {
    ($($(#[$doc:meta])* $name:ident: $side:ident of $task:ty;)*) => {$(
        $(#[$doc])*
        pub struct $name(Common);

        impl Connector for $name {
            fn config_def() -> ConfigDef {
                definitions()
            }

            fn create(context: ConnectorContext) -> Self {
                $name(Common::create(&context))
            }

            fn validate(&mut self, config: &Config) -> Result<Vec<ConfigValue>> {
                self.0.validate(config);
                Ok(Vec::new())
            }

            fn exactly_once_support(&mut self, config: &Config) -> Result<ExactlyOnce> {
                Trap::of(config).check("connector.exactly_once_support");
                Ok(ExactlyOnce::Supported)
            }

            fn start(&mut self, config: &Config) -> Result<()> {
                self.0.start(config);
                Ok(())
            }

            fn task_configs(&mut self, config: &Config, _: u32) -> Result<Vec<Config>> {
                self.0.trap.check("connector.task_configs");
                Ok(vec![config.clone()])
            }

            fn stop(&mut self) -> Result<()> {
                self.0.trap.check("connector.stop");
                Ok(())
            }
        }

        impl $side for $name {
            type Task = $task;
        }
    )*};
}

connectors! {
    /// Its tasks are async.
    PanicsSource: SourceConnector of PanicsSourceTask;
    /// Its tasks block.
    PanicsBlockingSource: SourceConnector of Blocking<PanicsSourceTask>;
    /// Its tasks are async.
    PanicsSink: SinkConnector of PanicsSinkTask;
    /// Its tasks block.
    PanicsBlockingSink: SinkConnector of Blocking<PanicsSinkTask>;
}

/// Panics where nothing of a config is known yet.
pub struct PanicsInDefinitions;

impl Connector for PanicsInDefinitions {
    fn config_def() -> ConfigDef {
        panic!("config_def panics on purpose");
    }

    fn create(_: ConnectorContext) -> Self {
        PanicsInDefinitions
    }
}

impl SourceConnector for PanicsInDefinitions {
    type Task = PanicsSourceTask;
}
