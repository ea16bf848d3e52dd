//! What changes of the group cost, as a table and as a file.

use crate::rebalance::{Change, Cost, TASKS};
use crate::report::{megabytes, spread, table};
use crate::systems::System;
use serde_json::{Value, json};
use std::path::Path;
use std::{fs, io};

/// Writes `rebalance.json`: a list with an object for each change, in seconds and kB.
pub fn write(dir: &Path, costs: &[Cost]) -> io::Result<()> {
    let row = |cost: &Cost| {
        json!({
            "workload": cost.change.name(), "system": cost.system.name(), "round": cost.round, "seconds": cost.seconds,
            "moved": cost.moved, "pause_moved_s": cost.moved_s, "pause_stayed_s": cost.stayed_s, "rss_kb": cost.rss_kb,
        })
    };
    let rows: Vec<Value> = costs.iter().map(row).collect();
    fs::create_dir_all(dir)?;
    let unfinished = dir.join("rebalance.json.new");
    fs::write(&unfinished, format!("{:#}\n", Value::Array(rows)))?;
    fs::rename(unfinished, dir.join("rebalance.json"))
}

/// Prints a table for each change.
pub fn print(costs: &[Cost], rounds: u32) {
    println!(
        "\n{rounds} rounds; three workers run {TASKS} tasks of 50 records a second; median [least-greatest]."
    );
    println!(
        "scheduled.rebalance.max.delay.ms is 0, all else as it comes, but plugin.discovery=service_load for Kafka Connect: a killed worker is missed after 10 s, its session."
    );
    for change in [Change::Join, Change::Kill] {
        let lines = [System::ConnectHost, System::KafkaConnect].map(|system| line(costs, change, system));
        let lines: Vec<_> = lines.into_iter().flatten().collect();
        println!("\n## {}", change.name());
        let heading = [
            "system",
            "s until every task runs",
            "tasks that moved",
            "s without flow, moved",
            "s without flow, stayed",
            "MB a worker",
        ];
        table(&heading, &lines);
    }
}

fn line(costs: &[Cost], change: Change, system: System) -> Option<Vec<String>> {
    let of = |figure: fn(&Cost) -> f64, digits: usize| {
        let chosen = costs.iter().filter(|cost| cost.change == change && cost.system == system);
        let found = spread(chosen.map(figure).collect())?;
        Some(format!("{:.digits$} [{:.digits$}-{:.digits$}]", found.median, found.min, found.max))
    };
    Some(vec![
        system.name().to_owned(),
        of(|cost| cost.seconds, 2)?,
        of(|cost| cost.moved as f64, 0)?,
        of(|cost| cost.moved_s, 3)?,
        of(|cost| cost.stayed_s, 3)?,
        of(|cost| megabytes(cost.rss_kb), 0)?,
    ])
}
