//! Rules of the house that no compiler knows: sizes, names, what must be written down, and whether
//! what is written down is true of the code.

mod code;
mod docs;
mod tree;
