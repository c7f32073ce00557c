//! Surnames that are read otherwise than the same characters elsewhere: 查 is zhā there, 尉迟 is yùchí. Only readings that
//! are certain stand here; where both are in use, both do.

use super::directory::initials;

/// One character with the first letter of each reading that it has as a surname.
const SINGLE: [(char, &str); 45] = [
    ('查', "z"),
    ('单', "s"),
    ('曾', "z"),
    ('解', "x"),
    ('仇', "q"),
    ('区', "o"),
    ('朴', "p"),
    ('盖', "g"),
    ('乐', "yl"),
    ('任', "r"),
    ('翟', "zd"),
    ('覃', "qt"),
    ('种', "c"),
    ('缪', "m"),
    ('薄', "b"),
    ('宓', "m"),
    ('折', "s"),
    ('员', "y"),
    ('召', "s"),
    ('黑', "h"),
    ('冼', "x"),
    ('洗', "x"),
    ('晟', "c"),
    ('秘', "b"),
    ('繁', "p"),
    ('祭', "z"),
    ('隗', "kw"),
    ('郗', "xc"),
    ('莘', "sx"),
    ('谌', "cs"),
    ('句', "g"),
    ('过', "g"),
    ('粘', "n"),
    ('么', "y"),
    ('相', "x"),
    ('车', "c"),
    ('宿', "s"),
    ('都', "d"),
    ('牟', "m"),
    ('郇', "xh"),
    ('撒', "s"),
    ('应', "y"),
    ('瞿', "q"),
    ('贾', "j"),
    ('柏', "b"),
];

/// Two characters with the first letters of both.
const DOUBLE: [(&str, &str); 10] = [
    ("尉迟", "yc"),
    ("万俟", "mq"),
    ("长孙", "zs"),
    ("单于", "cy"),
    ("澹台", "tt"),
    ("令狐", "lh"),
    ("夏侯", "xh"),
    ("皇甫", "hf"),
    ("鲜于", "xy"),
    ("亓官", "qg"),
];

/// Initials of a person's name in the readings of the surname that are not the usual ones of its characters, between
/// blanks; empty for most. Where a surname of two characters could also be one of one, both are among them.
///
/// ```
/// use dongliang::form::surname::readings;
/// assert_eq!(readings("查朗樵"), "zlq");
/// assert_eq!(readings("林峰"), "");
/// ```
pub fn readings(name: &str) -> String {
    let usual = initials(name);
    let mut found: Vec<String> = Vec::new();
    let mut read = |surname: &str, rest: &str| {
        let own = format!("{surname}{}", initials(rest));
        if own != usual && !found.contains(&own) {
            found.push(own);
        }
    };
    for (surname, letters) in DOUBLE {
        if let Some(rest) = name.strip_prefix(surname).filter(|rest| !rest.is_empty()) {
            read(letters, rest);
        }
    }
    let mut characters = name.chars();
    let first = characters.next();
    for (_, letters) in SINGLE.iter().filter(|(surname, _)| Some(*surname) == first) {
        letters.chars().for_each(|letter| read(&letter.to_string(), characters.as_str()));
    }
    found.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surnames_are_read_as_surnames() {
        for (name, read) in [
            ("查朗樵", "zlq"),
            ("单平", "sp"),
            ("曾国", "zg"),
            ("解明", "xm"),
            ("仇英", "qy"),
            ("区明", "om"),
            ("朴明", "pm"),
            ("盖明", "gm"),
            ("乐明", "ym"),
            ("乐明", "lm"),
            ("任明", "rm"),
            ("翟明", "zm"),
            ("翟明", "dm"),
            ("覃明", "qm"),
            ("覃明", "tm"),
            ("种明", "cm"),
            ("缪明", "mm"),
            ("薄明", "bm"),
            ("宓明", "mm"),
            ("折明", "sm"),
            ("员明", "ym"),
            ("召明", "sm"),
            ("黑明", "hm"),
            ("冼明", "xm"),
            ("洗明", "xm"),
            ("尉迟明", "ycm"),
            ("万俟明", "mqm"),
            ("长孙明", "zsm"),
            ("单于明", "cym"),
            ("林峰", "lf"),
        ] {
            let all = [initials(name), readings(name)].join(" ");
            assert!(all.split(' ').any(|r| r == read), "{name} {read}: {all}");
        }
        // In the given name it is read as usual, and a surname alone has no other rest.
        assert_eq!(readings("林查"), "");
        assert_eq!(readings(""), "");
    }
}
