//! The paths of all objects below a group.

use std::collections::HashSet;
use std::rc::Rc;

use nexus::h5::{Group, Link, ObjectKind};
use serde_json::Value;

use crate::MAX_DATA_BYTES;
use crate::answer::Answer;
use crate::failure::Failure;
use crate::open_file::OpenFile;
use crate::place::Walker;

/// Lists the paths of all links below a group, in the order of their names. Groups with several names are entered once, and
/// links into other places are not followed, as in `H5Lvisit`.
pub fn answer(walker: &Walker, file: &Rc<OpenFile>, path: &str) -> Result<Answer, Failure> {
    let found = walker.object(file, path)?;
    if found.kind()? != Some(ObjectKind::Group) {
        return Err(Failure::Invalid(format!("{path} is not a group")));
    }
    let mut list = PathList {
        text: String::from("["),
        seen: HashSet::new(),
    };
    list.add(path)?;
    let start = match path {
        "/" => "",
        path => path.trim_end_matches('/'),
    };
    list.visit(&found.group()?, start)?;
    list.text.push(']');
    Ok(Answer::json_text(list.text))
}

struct PathList {
    text: String,
    seen: HashSet<[u8; 16]>,
}

impl PathList {
    fn visit(&mut self, group: &Group, path: &str) -> Result<(), Failure> {
        if !self.seen.insert(group.token()?) {
            return Ok(());
        }
        let mut names = group.names()?;
        names.sort();
        for name in names {
            let below = format!("{path}/{name}");
            self.add(&below)?;
            if group.link(&name)? == Link::Hard && group.kind(&name)? == Some(ObjectKind::Group) {
                self.visit(&group.open_group(&name)?, &below)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &str) -> Result<(), Failure> {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text
            .push_str(&Value::String(path.to_owned()).to_string());
        match self.text.len() > MAX_DATA_BYTES {
            true => Err(Failure::TooLarge(
                "there are too many paths: ask for those below a group with the parameter \"path\""
                    .to_owned(),
            )),
            false => Ok(()),
        }
    }
}
