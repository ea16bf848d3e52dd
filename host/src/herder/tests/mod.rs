//! Tests of the herder: cases as text files, and a simulated worker under random schedules.

mod cases;
mod simulation;
mod text;
