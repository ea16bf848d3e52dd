//! Tests of the herder: cases as text files, and a simulated worker under random schedules.

mod asks;
mod cases;
mod group;
mod grouped;
mod simulation;
mod text;
