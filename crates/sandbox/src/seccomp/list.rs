//! A filter that answers by system call number, as a binary search.
//!
//! seccompiler compares with one number after the other. This program has a depth of about seven
//! comparisons and a tenth of the size, which shows in the start-up time of every sandbox.

use std::collections::BTreeMap;

use libc::{BPF_ABS, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W};
use seccompiler::{BpfProgram, sock_filter};

/// What a number gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It passes (this filter).
    Allow,
    /// `EPERM`.
    NotPermitted,
    /// `ENOSYS`.
    Unknown,
}

impl Answer {
    fn code(self) -> u32 {
        match self {
            Self::Allow => libc::SECCOMP_RET_ALLOW,
            Self::NotPermitted => libc::SECCOMP_RET_ERRNO | libc::EPERM as u32,
            Self::Unknown => libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32,
        }
    }
}

/// The program for `answers`; a number that is not there is [`Answer::Unknown`].
pub fn program(answers: &BTreeMap<u32, Answer>) -> BpfProgram {
    // `struct seccomp_data`: number at 0, architecture at 4.
    let mut program = vec![
        instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, 4),
        instruction(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, crate::sys::notify::ARCH),
        instruction(BPF_RET | BPF_K, 0, 0, libc::SECCOMP_RET_KILL_PROCESS),
        instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, 0),
    ];
    search(&segments(answers), &mut program);
    program
}

/// Runs of numbers with the same answer, each with its first number, from zero without gaps.
fn segments(answers: &BTreeMap<u32, Answer>) -> Vec<(u32, Answer)> {
    let mut segments = vec![(0, Answer::Unknown)];
    let mut next = 0;
    let mut push = |start: u32, answer: Answer| match segments.last_mut() {
        Some(last) if last.0 == start => last.1 = answer,
        Some(last) if last.1 == answer => {}
        _ => segments.push((start, answer)),
    };
    for (number, answer) in answers {
        if *number > next {
            push(next, Answer::Unknown);
        }
        push(*number, *answer);
        next = number + 1;
    }
    push(next, Answer::Unknown);
    segments
}

fn search(segments: &[(u32, Answer)], program: &mut BpfProgram) {
    if let [(_, answer)] = segments {
        program.push(instruction(BPF_RET | BPF_K, 0, 0, answer.code()));
        return;
    }
    let (below, above) = segments.split_at(segments.len() / 2);
    // A half of n segments is 2n - 1 instructions long; jumps reach 255.
    debug_assert!(2 * below.len() <= 256);
    let skip = (2 * below.len() - 1) as u8;
    program.push(instruction(BPF_JMP | BPF_JGE | BPF_K, skip, 0, above[0].0));
    search(below, program);
    search(above, program);
}

fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would do with `number`.
    fn run(program: &BpfProgram, architecture: u32, number: u32) -> u32 {
        let (mut at, mut loaded) = (0, 0);
        loop {
            let step = &program[at];
            at += 1;
            match u32::from(step.code) {
                code if code == BPF_LD | BPF_W | BPF_ABS => {
                    loaded = [number, architecture][step.k as usize / 4]
                }
                code if code == BPF_RET | BPF_K => return step.k,
                code => {
                    let holds = if code & 0xf0 == BPF_JGE { loaded >= step.k } else { loaded == step.k };
                    at += usize::from(if holds { step.jt } else { step.jf });
                }
            }
        }
    }

    #[test]
    fn every_number_gets_its_answer() {
        let rules = super::super::rules::refused().unwrap();
        let answers = super::super::answers(&rules);
        let program = program(&answers);
        let known = crate::sys::notify::ARCH;
        for number in (0..1100).chain([u32::MAX, 0x4000_0000, 0x4000_0027]) {
            let expected = answers.get(&number).copied().unwrap_or(Answer::Unknown);
            assert_eq!(run(&program, known, number), expected.code(), "call {number}");
        }
        assert_eq!(run(&program, known ^ 1, 1), libc::SECCOMP_RET_KILL_PROCESS);
    }

    #[test]
    fn edges_of_runs() {
        let answers = BTreeMap::from([(0, Answer::Allow), (1, Answer::Allow), (3, Answer::NotPermitted)]);
        let program = program(&answers);
        let got: Vec<u32> = (0..5).map(|number| run(&program, crate::sys::notify::ARCH, number)).collect();
        use Answer::{Allow, NotPermitted, Unknown};
        assert_eq!(got, [Allow, Allow, Unknown, NotPermitted, Unknown].map(Answer::code));
    }
}
