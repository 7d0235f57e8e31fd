//! Awareness: what people need to know to write fewer of these weaknesses. Guidance for each class, the most
//! common causes of a scope, the weekly digest, and requirements that fixed vulnerabilities suggest.

pub mod causes;
pub mod digest;
pub mod guidance;
pub mod suggest;
