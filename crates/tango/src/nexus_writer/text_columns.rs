//! Aligns rows of text in columns, as people read them in a panel of strings.

/// Aligns columns: the last one to the left, all others to the right.
///
/// As in `blisswriter` 2.0.0, a comma in a row begins a column, also a comma within a value. A line feed
/// begins another line, so there may be more lines than rows. A single row is not padded.
pub fn align(rows: &[String]) -> Vec<String> {
    let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.split(',').collect()).collect();
    let text = match rows.as_slice() {
        [] => return Vec::new(),
        [row] => row.join(" "),
        several => in_columns(several),
    };
    text.split('\n').map(str::to_owned).collect()
}

fn in_columns(rows: &[Vec<&str>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let part =
        |row: &Vec<&str>, column: usize| row.get(column).copied().unwrap_or_default().to_owned();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let widths = rows.iter().map(|row| part(row, column).chars().count());
            widths.max().unwrap_or_default()
        })
        .collect();
    let line = |row: &Vec<&str>| {
        let parts = widths.iter().enumerate().map(|(column, &width)| {
            let text = part(row, column);
            match column + 1 == columns {
                true => format!("{text:<width$}"),
                false => format!("{text:>width$}"),
            }
        });
        parts.collect::<Vec<_>>().join(" ")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aligned(rows: &[&str]) -> Vec<String> {
        let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
        align(&rows)
    }

    #[test]
    fn columns_stand_below_each_other() {
        assert_eq!(
            aligned(&[
                "1_ascan:axis:,6pts-6pts",
                "1_ascan:timer:,10%-12%",
                "2_ct:,1pts-1pts"
            ]),
            [
                " 1_ascan:axis: 6pts-6pts",
                "1_ascan:timer: 10%-12%  ",
                "         2_ct: 1pts-1pts"
            ]
        );
        assert_eq!(
            aligned(&[
                "1_ascan:,OFF,Finished",
                "2_loopscan:,ON,Subscribed to Redis"
            ]),
            [
                "   1_ascan: OFF Finished           ",
                "2_loopscan:  ON Subscribed to Redis"
            ]
        );
    }

    #[test]
    fn a_comma_in_a_value_begins_a_column() {
        let two = "1_ascan:,['/d/f.h5::/1.1', '/d/f.h5::/1.2']";
        assert_eq!(
            aligned(&[two, "2_ct:,['/d/f.h5::/2.1']"]),
            [
                "1_ascan:  ['/d/f.h5::/1.1'  '/d/f.h5::/1.2']",
                "   2_ct: ['/d/f.h5::/2.1']                  "
            ]
        );
    }

    #[test]
    fn one_row_is_not_padded() {
        assert_eq!(aligned(&[]), [""; 0]);
        assert_eq!(
            aligned(&["4_loopscan:,FAULT,Stop requested"]),
            ["4_loopscan: FAULT Stop requested"]
        );
    }

    #[test]
    fn a_line_feed_begins_a_line_and_counts_in_the_width() {
        assert_eq!(
            aligned(&["1_ct:,FAULT,locked by\nh5py"]),
            ["1_ct: FAULT locked by", "h5py"]
        );
        assert_eq!(
            aligned(&["1_ct:,FAULT,locked by\nh5py", "2_ct:,ON,fine"]),
            [
                "1_ct: FAULT locked by",
                "h5py",
                "2_ct:    ON fine          "
            ]
        );
    }
}
