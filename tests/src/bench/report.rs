//! What the numbers say: ratios paired by round, their medians and spread, and what was to be reached.

use crate::systems::{SYSTEMS, System};
use crate::{Row, WORKLOADS, Workload};
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::Path;

/// One row as it comes in.
pub fn line(row: &Row) -> String {
    let rate = if row.records > 0 {
        format!(", {}/s", thousands(row.records as f64 / row.seconds))
    } else {
        String::new()
    };
    format!(
        "round {} {} {}: {:.3} s{rate}, CPU {:.2} s, {:.1} MB",
        row.round,
        row.workload.name(),
        row.system.name(),
        row.seconds,
        row.cpu_s,
        megabytes(row.rss_peak_kb)
    )
}

/// Writes `latest.json` (the measurements, control runs left out) and `details.json` (all, with the broker's CPU).
pub fn write(dir: &Path, rows: &[Row]) -> io::Result<()> {
    let row = |r: &Row| {
        json!({
            "workload": r.workload.name(), "system": r.system.name(), "round": r.round, "records": r.records,
            "bytes": r.bytes, "seconds": r.seconds, "cpu_s": r.cpu_s, "rss_peak_kb": r.rss_peak_kb,
        })
    };
    let latest: Vec<Value> = rows.iter().filter(|r| r.system != System::Again).map(row).collect();
    let detailed = |r: &Row| {
        let mut value = row(r);
        value["broker_cpu_s"] = json!(r.broker_cpu_s);
        value
    };
    let details: Vec<Value> = rows.iter().map(detailed).collect();
    for (name, list) in [("latest", latest), ("details", details)] {
        let unfinished = dir.join(format!("{name}.json.new"));
        fs::write(&unfinished, format!("{:#}\n", Value::Array(list)))?;
        fs::rename(unfinished, dir.join(format!("{name}.json")))?;
    }
    Ok(())
}

/// Median, least and greatest of some figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Of an even number the mean of the two in the middle.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

/// None without figures.
pub fn spread(mut figures: Vec<f64>) -> Option<Spread> {
    figures.sort_by(f64::total_cmp);
    let (min, max) = (*figures.first()?, *figures.last()?);
    let middle = figures.len() / 2;
    let median =
        if figures.len() % 2 == 1 { figures[middle] } else { (figures[middle - 1] + figures[middle]) / 2.0 };
    Some(Spread { median, min, max })
}

/// The measurements of one workload.
struct Sheet<'a>(Vec<&'a Row>);

impl Sheet<'_> {
    fn figures(&self, system: System, figure: impl Fn(&Row) -> Option<f64>) -> Option<Spread> {
        spread(self.0.iter().filter(|r| r.system == system).filter_map(|r| figure(r)).collect())
    }

    /// A figure of `system` over the same of `base`, of the same round.
    fn paired(&self, system: System, base: System, figure: impl Fn(&Row) -> f64) -> Option<Spread> {
        let of = |s, round| self.0.iter().find(|r| r.system == s && r.round == round).map(|r| figure(r));
        let rounds = self.0.iter().filter(|r| r.system == system).map(|r| r.round);
        spread(rounds.filter_map(|n| Some(of(system, n)? / of(base, n)?)).filter(|r| r.is_finite()).collect())
    }

    /// Speed: how many times as fast as `base`.
    fn speed(&self, system: System, base: System) -> Option<Spread> {
        self.paired(system, base, |r| 1.0 / r.seconds)
    }
}

fn thousands(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|g| std::str::from_utf8(g).ok()).collect();
    groups.join(",")
}

/// kB as MB.
pub fn megabytes(kb: u64) -> f64 {
    kb as f64 / 1024.0
}

fn ratio(spread: Option<Spread>) -> String {
    spread.map_or("-".to_owned(), |s| format!("{:.2} [{:.2}-{:.2}]", s.median, s.min, s.max))
}

/// Prints a table; all lines are as long as the heading.
pub fn table(heading: &[&str], lines: &[Vec<String>]) {
    let width = |i: usize| lines.iter().map(|l| l[i].len()).chain([heading[i].len()]).max().unwrap_or(0);
    let show = |cells: Vec<&str>| {
        let padded: Vec<String> =
            cells.iter().enumerate().map(|(i, c)| format!("{c:<0$}", width(i))).collect();
        println!("| {} |", padded.join(" | "));
    };
    show(heading.to_vec());
    println!("|{}|", (0..heading.len()).map(|i| "-".repeat(width(i) + 2)).collect::<Vec<_>>().join("|"));
    lines.iter().for_each(|l| show(l.iter().map(String::as_str).collect()));
}

fn print_flow(sheet: &Sheet<'_>) {
    let line = |system: System| {
        let rate = sheet.figures(system, |r| Some(r.records as f64 / r.seconds))?;
        let per_million = |s: f64, r: &Row| s * 1e6 / r.records as f64;
        let cpu = sheet.figures(system, |r| Some(per_million(r.cpu_s, r)))?;
        let broker = sheet.figures(system, |r| Some(per_million(r.broker_cpu_s?, r)));
        let peak = sheet.figures(system, |r| Some(megabytes(r.rss_peak_kb)))?;
        Some(vec![
            system.name().to_owned(),
            format!("{} [{}-{}]", thousands(rate.median), thousands(rate.min), thousands(rate.max)),
            ratio(sheet.speed(system, System::Librdkafka)),
            ratio(sheet.speed(system, System::KafkaConnectTuned)),
            format!("{:.2} [{:.2}-{:.2}]", cpu.median, cpu.min, cpu.max),
            ratio(sheet.paired(system, System::Librdkafka, |r| r.cpu_s)),
            broker.map_or("-".to_owned(), |b| format!("{:.2}", b.median)),
            format!("{:.0} [{:.0}-{:.0}]", peak.median, peak.min, peak.max),
        ])
    };
    let heading = [
        "system",
        "records/s",
        "speed / librdkafka",
        "speed / tuned",
        "CPU s per million",
        "CPU / librdkafka",
        "broker CPU s per million",
        "peak MB",
    ];
    table(&heading, &SYSTEMS.into_iter().filter_map(line).collect::<Vec<_>>());
    println!("A/A control: librdkafka-again / librdkafka is what the measurement itself varies by.");
}

fn print_worker(sheet: &Sheet<'_>, idle: bool) {
    let line = |system: System| {
        let seconds = sheet.figures(system, |r| Some(r.seconds))?;
        let memory = sheet.figures(system, |r| Some(megabytes(r.rss_peak_kb)))?;
        let time = format!("{:.3} [{:.3}-{:.3}]", seconds.median, seconds.min, seconds.max);
        let held = format!("{:.1} [{:.1}-{:.1}]", memory.median, memory.min, memory.max);
        Some(vec![system.name().to_owned(), time, held])
    };
    let heading =
        if idle { ["system", "s after start", "resident MB"] } else { ["system", "s to REST", "peak MB"] };
    table(&heading, &SYSTEMS.into_iter().filter_map(line).collect::<Vec<_>>());
}

/// What this worker is to reach: said either way, and losses plainly.
fn print_goals(sheet: &Sheet<'_>, workload: Workload) {
    let ours = System::ConnectHost;
    let at_least = |what: &str, found: Option<Spread>, goal: f64| {
        if let Some(s) = found {
            let verdict = if s.median >= goal { "met" } else { "LOSS" };
            println!("{verdict}: {what} {:.2} [{:.2}-{:.2}], at least {goal} wanted", s.median, s.min, s.max);
        }
    };
    let at_most = |what: &str, found: Option<Spread>, goal: f64| {
        if let Some(s) = found {
            let verdict = if s.max <= goal { "met" } else { "LOSS" };
            println!("{verdict}: {what} at most {:.2}, at most {goal} wanted", s.max);
        }
    };
    let memory = sheet.figures(ours, |r| Some(megabytes(r.rss_peak_kb)));
    match workload {
        Workload::Startup => at_most("seconds to REST", sheet.figures(ours, |r| Some(r.seconds)), 0.5),
        Workload::Idle => at_most("idle MB", memory, 30.0),
        Workload::Source | Workload::Sink | Workload::Json => {
            at_least("speed over librdkafka", sheet.speed(ours, System::Librdkafka), 0.7);
            at_least("speed over Kafka Connect tuned", sheet.speed(ours, System::KafkaConnectTuned), 1.0);
            at_least("speed over Kafka Connect as shipped", sheet.speed(ours, System::KafkaConnect), 1.0);
            at_most("peak MB", memory, 120.0);
        }
    }
}

/// Prints the tables of all workloads measured.
pub fn print(rows: &[Row], records: u64, rounds: u32) {
    println!(
        "\n{rounds} rounds, {} records of 100 bytes and a newline; median [least-greatest];",
        thousands(records as f64)
    );
    println!("ratios are taken round by round. Above 1.00 is faster (speed) or dearer (CPU).");
    for workload in WORKLOADS {
        let sheet = Sheet(rows.iter().filter(|r| r.workload == workload).collect());
        if sheet.0.is_empty() {
            continue;
        }
        println!("\n## {}", workload.name());
        if workload.flows() {
            print_flow(&sheet)
        } else {
            print_worker(&sheet, workload == Workload::Idle)
        }
        print_goals(&sheet, workload);
    }
}

#[cfg(test)]
mod tests {
    use super::{spread, thousands};

    #[test]
    fn a_spread_is_median_and_ends() {
        let s = spread(vec![3.0, 1.0, 2.0]).unwrap();
        assert_eq!((s.median, s.min, s.max), (2.0, 1.0, 3.0));
        assert_eq!(spread(vec![1.0, 2.0]).unwrap().median, 1.5);
        assert_eq!(spread(vec![]), None);
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!((thousands(999.0), thousands(1234567.0)), ("999".to_owned(), "1,234,567".to_owned()));
    }
}
