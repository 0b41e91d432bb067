//! Whether the plots of a scan can be drawn.

use super::ScanOutput;
use crate::check::plot::{StreamDatasets, chain};
use crate::scan::diagnostics::Diagnostics;

impl ScanOutput {
    /// Warns if what a viewer shows first of a part of the scan cannot be drawn. The data are whole then, and the layout
    /// asks for that plot; but nobody looks into a file of which a viewer shows nothing.
    pub(super) fn check_plots(&self, diagnostics: &mut Diagnostics) {
        for (index, file) in self.files.iter().enumerate() {
            let Ok(root) = file.session.root() else {
                continue;
            };
            let datasets = self.datasets.iter().filter(|one| one.file == index);
            let streams = StreamDatasets {
                growing: false,
                paths: datasets.map(|dataset| dataset.path.as_str()).collect(),
            };
            for group in file.groups() {
                for finding in chain(&root, &format!("/{group}"), &streams) {
                    diagnostics.warning(format_args!(
                        "{}::{}: the plot cannot be drawn: {}",
                        file.name, finding.path, finding.text
                    ));
                }
            }
        }
    }
}
