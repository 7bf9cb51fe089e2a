//! `ottla`: the broker's command line.
//!
//! `ottla [server.properties] [--override key=value]… [--port N] [--ready-file PATH] [--ephemeral]` runs a node until
//! SIGTERM or SIGINT. Exit code 1, with one sentence on standard error, when it cannot start.

mod logging;

use clap::Parser;
use ottla_broker::node::{Options, StartError};
use std::path::PathBuf;
use std::process::ExitCode;

/// A broker that speaks Apache Kafka's protocol.
#[derive(Debug, Parser)]
#[command(name = "ottla", version, about)]
struct Arguments {
    /// A Kafka 4.3 server.properties. Without one, a single node on localhost:9092 with its data in the temporary
    /// directory.
    properties: Option<PathBuf>,

    /// Sets one configuration key; wins over the environment and the file.
    #[arg(long = "override", value_name = "KEY=VALUE")]
    overrides: Vec<String>,

    /// Port of the first client listener (0 picks a free one).
    #[arg(long, value_name = "N")]
    port: Option<u16>,

    /// Written, with the bootstrap address, once the node serves.
    #[arg(long, value_name = "PATH")]
    ready_file: Option<PathBuf>,

    /// Keep data in a temporary directory, sync nothing, remove it at exit.
    #[arg(long)]
    ephemeral: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    logging::init();
    let options = Options {
        properties: arguments.properties,
        overrides: arguments.overrides,
        environment: std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .collect(),
        port: arguments.port,
        ready_file: arguments.ready_file,
        ephemeral: arguments.ephemeral,
    };
    match ottla_broker::node::run_until_signal(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ StartError { .. }) => {
            tracing::error!(target: "kafka.Kafka$", "Exiting Kafka due to fatal exception during startup: {error}");
            eprintln!("ottla: {error}");
            ExitCode::FAILURE
        }
    }
}
