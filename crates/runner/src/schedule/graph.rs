//! Runs the nodes of an acyclic graph on a few threads, each after the nodes it needs.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use model::{Exit, UserError};

use super::Cancel;

/// A step of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Unique name.
    pub name: String,
    /// Names of the nodes it waits for.
    pub needs: Vec<String>,
}

/// A graph that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Two nodes with one name.
    #[error("there are two steps named `{0}`")]
    Duplicate(String),
    /// A need that is no node.
    #[error("the step `{node}` needs `{need}`, which is not a step")]
    UnknownNeed {
        /// Node.
        node: String,
        /// What it needs.
        need: String,
    },
    /// Nodes that wait for each other.
    #[error("these steps wait for each other: {}", .0.join(", "))]
    Cycle(Vec<String>),
}

impl UserError for GraphError {
    fn code(&self) -> &'static str {
        match self {
            Self::Duplicate(_) => "graph-duplicate-step",
            Self::UnknownNeed { .. } => "graph-unknown-need",
            Self::Cycle(_) => "graph-cycle",
        }
    }

    fn exit(&self) -> Exit {
        Exit::Input
    }
}

/// What the work of a node came to.
#[derive(Debug)]
pub enum Work<T> {
    /// Nodes that need it may start.
    Passed(T),
    /// Nodes that need it are skipped.
    Failed(T),
}

/// How a node ended.
#[derive(Debug)]
pub enum End<T> {
    /// It passed.
    Passed(Arc<T>),
    /// It failed.
    Failed(Arc<T>),
    /// It was not started because this node did not pass.
    Skipped {
        /// The node that failed or was itself skipped.
        because: String,
    },
    /// It was not started because everything was cancelled.
    Cancelled,
}

impl<T> Clone for End<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Passed(value) => Self::Passed(value.clone()),
            Self::Failed(value) => Self::Failed(value.clone()),
            Self::Skipped { because } => Self::Skipped { because: because.clone() },
            Self::Cancelled => Self::Cancelled,
        }
    }
}

/// Sees nodes start and end. Called from the threads that run them.
pub trait GraphObserver<T>: Sync {
    /// Its work begins.
    fn started(&self, node: &Node) {
        let _ = node;
    }

    /// It ended, or will never start.
    fn ended(&self, node: &Node, end: &End<T>) {
        let _ = (node, end);
    }
}

impl<T> GraphObserver<T> for () {}

/// How a graph is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphOptions {
    /// Nodes at one time; at least 1.
    pub jobs: usize,
    /// After a failure start nothing new and cancel what runs.
    pub fail_fast: bool,
}

struct State<T> {
    ends: Vec<Option<End<T>>>,
    started: Vec<bool>,
}

struct Graph<'a, T, F> {
    nodes: &'a [Node],
    needs: Vec<Vec<usize>>,
    observer: &'a dyn GraphObserver<T>,
    cancel: &'a Cancel,
    fail_fast: bool,
    work: F,
    state: Mutex<State<T>>,
    changed: Condvar,
}

/// Runs `work` for every node after the nodes it needs; `work` gets what those passed with, in the
/// order of `needs`. Gives the ends in the order of `nodes`.
///
/// # Errors
/// [`GraphError`], before anything is started.
pub fn run_graph<T: Send + Sync>(
    nodes: &[Node],
    options: GraphOptions,
    cancel: &Cancel,
    observer: &dyn GraphObserver<T>,
    work: impl Fn(&Node, &[Arc<T>]) -> Work<T> + Sync,
) -> Result<Vec<End<T>>, GraphError> {
    let needs = resolve(nodes)?;
    let state = State { ends: vec![None; nodes.len()], started: vec![false; nodes.len()] };
    let graph = Graph {
        nodes,
        needs,
        observer,
        cancel,
        fail_fast: options.fail_fast,
        work,
        state: Mutex::new(state),
        changed: Condvar::new(),
    };
    // Waiting threads are woken by the end of a node; cancelling ends those under way.
    std::thread::scope(|scope| {
        for _ in 1..options.jobs.clamp(1, nodes.len().max(1)) {
            scope.spawn(|| graph.serve());
        }
        graph.serve();
    });
    let state = graph.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(state.ends.into_iter().map(|end| end.unwrap_or(End::Cancelled)).collect())
}

/// Indexes of needs; checks names and that there is no cycle.
fn resolve(nodes: &[Node]) -> Result<Vec<Vec<usize>>, GraphError> {
    let mut index = BTreeMap::new();
    for (at, node) in nodes.iter().enumerate() {
        if index.insert(node.name.as_str(), at).is_some() {
            return Err(GraphError::Duplicate(node.name.clone()));
        }
    }
    let mut needs = Vec::with_capacity(nodes.len());
    for node in nodes {
        let found = node.needs.iter().map(|need| {
            index
                .get(need.as_str())
                .copied()
                .ok_or_else(|| GraphError::UnknownNeed { node: node.name.clone(), need: need.clone() })
        });
        needs.push(found.collect::<Result<Vec<usize>, _>>()?);
    }
    let mut done = vec![false; nodes.len()];
    loop {
        let ready: Vec<usize> =
            (0..nodes.len()).filter(|at| !done[*at] && needs[*at].iter().all(|need| done[*need])).collect();
        if ready.is_empty() {
            break;
        }
        ready.into_iter().for_each(|at| done[at] = true);
    }
    let stuck: Vec<String> =
        nodes.iter().zip(&done).filter(|(_, done)| !**done).map(|(node, _)| node.name.clone()).collect();
    if stuck.is_empty() { Ok(needs) } else { Err(GraphError::Cycle(stuck)) }
}

impl<T: Send + Sync, F: Fn(&Node, &[Arc<T>]) -> Work<T> + Sync> Graph<'_, T, F> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes nodes that are ready until none is left to start.
    fn serve(&self) {
        let mut state = self.lock();
        loop {
            self.settle(&mut state);
            if state.started.iter().all(|started| *started) {
                self.changed.notify_all();
                return;
            }
            let Some(at) = self.ready(&state) else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state.started[at] = true;
            let inputs: Vec<Arc<T>> =
                self.needs[at].iter().filter_map(|need| passed(&state, *need)).collect();
            drop(state);
            let node = &self.nodes[at];
            self.observer.started(node);
            let worked = catch_unwind(AssertUnwindSafe(|| (self.work)(node, &inputs)));
            let end = match worked {
                Ok(Work::Passed(value)) => End::Passed(Arc::new(value)),
                Ok(Work::Failed(value)) => End::Failed(Arc::new(value)),
                Err(panic) => {
                    // Others wait for this node; they must see that nothing more will come.
                    self.cancel.cancel();
                    self.lock().ends[at] = Some(End::Cancelled);
                    self.changed.notify_all();
                    resume_unwind(panic);
                }
            };
            self.observer.ended(node, &end);
            if self.fail_fast && matches!(end, End::Failed(_)) {
                self.cancel.cancel();
            }
            state = self.lock();
            state.ends[at] = Some(end);
            self.changed.notify_all();
        }
    }

    /// Ends nodes that will never start.
    fn settle(&self, state: &mut State<T>) {
        let mut again = true;
        while std::mem::take(&mut again) {
            for at in 0..self.nodes.len() {
                if state.started[at] {
                    continue;
                }
                let blocker = self.needs[at].iter().find(|need| {
                    matches!(state.ends[**need], Some(End::Failed(_) | End::Skipped { .. } | End::Cancelled))
                });
                let end = match blocker {
                    Some(need) => End::Skipped { because: self.nodes[*need].name.clone() },
                    None if self.cancel.is_cancelled() => End::Cancelled,
                    None => continue,
                };
                self.observer.ended(&self.nodes[at], &end);
                state.started[at] = true;
                state.ends[at] = Some(end);
                again = true;
            }
        }
    }

    fn ready(&self, state: &State<T>) -> Option<usize> {
        (0..self.nodes.len()).find(|at| {
            !state.started[*at] && self.needs[*at].iter().all(|need| passed(state, *need).is_some())
        })
    }
}

fn passed<T>(state: &State<T>, at: usize) -> Option<Arc<T>> {
    match &state.ends[at] {
        Some(End::Passed(value)) => Some(value.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    fn nodes(list: &[(&str, &[&str])]) -> Vec<Node> {
        let node = |(name, needs): &(&str, &[&str])| Node {
            name: (*name).to_owned(),
            needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        };
        list.iter().map(node).collect()
    }

    fn ends(list: &[(&str, &[&str])], jobs: usize, fail: &str, fail_fast: bool) -> Vec<String> {
        let work = |node: &Node, inputs: &[Arc<String>]| {
            let text = inputs.iter().map(|input| input.as_str()).collect::<Vec<_>>().join("+");
            let text = format!("{}({text})", node.name);
            if node.name == fail { Work::Failed(text) } else { Work::Passed(text) }
        };
        let options = GraphOptions { jobs, fail_fast };
        let ends = run_graph(&nodes(list), options, &Cancel::new(), &(), work).unwrap();
        let text = |end: End<String>| match end {
            End::Passed(value) => value.to_string(),
            End::Failed(value) => format!("!{value}"),
            End::Skipped { because } => format!("skipped by {because}"),
            End::Cancelled => "cancelled".to_owned(),
        };
        ends.into_iter().map(text).collect()
    }

    #[test]
    fn each_node_gets_what_the_needed_ones_made() {
        let diamond: &[(&str, &[&str])] = &[("d", &["b", "c"]), ("b", &["a"]), ("c", &["a"]), ("a", &[])];
        for jobs in [1, 2, 8] {
            assert_eq!(ends(diamond, jobs, "", false), ["d(b(a())+c(a()))", "b(a())", "c(a())", "a()"]);
        }
    }

    #[test]
    fn a_failure_skips_what_depends_on_it_and_nothing_else() {
        let list: &[(&str, &[&str])] = &[("a", &[]), ("b", &["a"]), ("c", &["b"]), ("x", &[])];
        assert_eq!(ends(list, 2, "a", false), ["!a()", "skipped by a", "skipped by b", "x()"]);
        assert_eq!(ends(list, 1, "a", true), ["!a()", "skipped by a", "skipped by b", "cancelled"]);
    }

    #[test]
    fn independent_nodes_really_run_at_the_same_time() {
        let both = Barrier::new(2);
        let list = nodes(&[("a", &[]), ("b", &[])]);
        let work = |_: &Node, _: &[Arc<()>]| {
            both.wait();
            Work::Passed(())
        };
        let options = GraphOptions { jobs: 2, fail_fast: false };
        let ends = run_graph(&list, options, &Cancel::new(), &(), work).unwrap();
        assert!(ends.iter().all(|end| matches!(end, End::Passed(_))));
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_in_one_node_does_not_leave_the_others_waiting() {
        let list = nodes(&[("a", &[]), ("b", &["a"]), ("c", &["b"])]);
        let caller = std::thread::current().id();
        let both = Barrier::new(2);
        let list = [nodes(&[("x", &[])]), list].concat();
        let work = |node: &Node, _: &[Arc<()>]| {
            if node.needs.is_empty() {
                both.wait();
                assert_eq!(std::thread::current().id(), caller, "only the other thread panics");
            }
            Work::Passed(())
        };
        let _ = run_graph(&list, GraphOptions { jobs: 2, fail_fast: false }, &Cancel::new(), &(), work);
    }

    #[test]
    fn graphs_that_cannot_be_run_are_refused() {
        let error = |list: &[(&str, &[&str])]| {
            let options = GraphOptions { jobs: 1, fail_fast: false };
            run_graph(&nodes(list), options, &Cancel::new(), &(), |_, _: &[Arc<()>]| Work::Passed(()))
                .unwrap_err()
                .code()
        };
        assert_eq!(error(&[("a", &["b"]), ("b", &["a"]), ("c", &[])]), "graph-cycle");
        assert_eq!(error(&[("a", &["x"])]), "graph-unknown-need");
        assert_eq!(error(&[("a", &[]), ("a", &[])]), "graph-duplicate-step");
    }
}
