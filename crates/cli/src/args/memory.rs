//! How much memory the data of scans may take.

use clap::Args as Group;
use writer::MemoryBudget;

/// How much memory the data of scans may take.
#[derive(Group, Clone)]
pub struct Memory {
    /// Memory in MB that the data of all scans may take together; the program itself and the HDF5 library need some in
    /// addition, and a point that is larger is taken alone
    #[arg(
        long,
        env = "NEXUS_WRITER_MEMORY_LIMIT_MB",
        default_value_t,
        value_name = "MB",
        allow_negative_numbers = true
    )]
    memory: MemoryBudget,
}

impl Memory {
    /// Returns the same for the writer.
    pub fn budget(&self) -> MemoryBudget {
        self.memory
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser, Debug)]
    struct Typed {
        #[command(flatten)]
        memory: Memory,
    }

    impl std::fmt::Debug for Memory {
        fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
            self.memory.fmt(f)
        }
    }

    #[test]
    fn the_budget_is_that_which_is_typed() {
        let typed = |arguments: &[&str]| {
            let typed = std::iter::once(&"writer").chain(arguments);
            Typed::try_parse_from(typed).map(|typed| typed.memory.budget())
        };
        assert_eq!(typed(&[]).unwrap(), MemoryBudget::default());
        assert_eq!(typed(&["--memory=64"]).unwrap().bytes(), 64 << 20);
        for (value, problem) in [
            ("0", "0 is not between 16 and 1048576 megabytes"),
            ("-5", "-5 is not between"),
            ("1e3", "\"1e3\" is not a whole number of megabytes"),
        ] {
            let refused = typed(&["--memory", value]).unwrap_err().to_string();
            assert!(refused.contains(problem), "{refused}");
        }
    }
}
