//! Tests of the herder: cases as text files, and a simulated worker under random schedules.

mod asks;
mod cases;
mod simulation;
mod text;
