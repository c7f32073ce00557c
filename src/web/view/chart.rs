//! The line chart: plain SVG whose colours come from classes, with the numbers in a table below it.

use askama::Template;
use askama::filters::HtmlSafe;

use super::parts::tenths;

/// A share over time. From the verdicts as judged at the end of each month.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/chart.html")]
pub struct Chart {
    /// What is drawn: `全市达标比例`.
    pub title: String,
    /// Head of the first column of the table: `月份`.
    pub unit: String,
    /// Points from left to right.
    pub points: Vec<Point>,
    /// A dashed line and its name: thousandths, `绿灯线90%`.
    pub line: Option<(u32, String)>,
}

impl HtmlSafe for Chart {}

/// One point.
#[derive(Clone, Debug, Default)]
pub struct Point {
    /// Under the axis: `3月`.
    pub label: String,
    /// In the table: `2025年3月`.
    pub name: String,
    /// Value in thousandths; `None` where nothing was judged.
    pub permille: Option<u32>,
    /// Value as text: `93.4%`; `--` where nothing was judged.
    pub text: String,
}

/// Where the plot stands in the view box of 344 × 168.
const LEFT: u32 = 48;
const RIGHT: u32 = 262;
const TOP: u32 = 10;
const BOTTOM: u32 = 138;

struct Mark<'a> {
    x: String,
    y: String,
    text: &'a str,
}

impl Chart {
    /// Whether there is a line to draw.
    pub fn is_empty(&self) -> bool {
        self.points.iter().filter(|p| p.permille.is_some()).count() < 2
    }

    /// The whole content as a sentence, for readers of text.
    fn sentence(&self) -> String {
        let values: Vec<String> = self.points.iter().map(|p| format!("{}{}", p.label, p.text)).collect();
        format!("{}：{}", self.title, values.join("，"))
    }

    /// Lowest value of the axis and distance of its lines, thousandths.
    fn axis(&self) -> (u32, u32) {
        let line = self.line.as_ref().map(|(value, _)| *value);
        let least = self.points.iter().filter_map(|p| p.permille).chain(line).min().unwrap_or(0);
        match least {
            800.. => (800, 50),
            600.. => (600, 100),
            200.. => (200, 200),
            _ => (0, 250),
        }
    }

    fn y(&self, permille: u32) -> u32 {
        let (low, _) = self.axis();
        let height = (BOTTOM - TOP) * 10;
        BOTTOM * 10 - height * permille.clamp(low, 1000).saturating_sub(low) / (1000 - low)
    }

    fn x(&self, index: usize) -> u32 {
        let gaps = u32::try_from(self.points.len().max(2) - 1).unwrap_or(1);
        LEFT * 10 + (RIGHT - LEFT) * 10 * u32::try_from(index).unwrap_or(0) / gaps
    }

    /// Lines of the axis: y of the line, y of its label, label.
    fn grid(&self) -> Vec<(String, String, String)> {
        let (low, step) = self.axis();
        (low..=1000)
            .step_by(step as usize)
            .map(|v| (tenths(self.y(v)), tenths(self.y(v) + 40), format!("{}%", tenths(v))))
            .collect()
    }

    /// Labels under the axis: all of up to seven, else every second, the last always.
    fn labels(&self) -> Vec<Mark<'_>> {
        let last = self.points.len().saturating_sub(1);
        let shown = |i: &usize| self.points.len() <= 7 || (last - i).is_multiple_of(2);
        (0..self.points.len())
            .filter(shown)
            .map(|i| Mark { x: tenths(self.x(i)), y: String::new(), text: &self.points[i].label })
            .collect()
    }

    fn dots(&self) -> Vec<Mark<'_>> {
        let dot = |(i, p): (usize, &'_ Point)| Some((i, p.permille?));
        self.points
            .iter()
            .enumerate()
            .filter_map(dot)
            .map(|(i, v)| Mark { x: tenths(self.x(i)), y: tenths(self.y(v)), text: &self.points[i].text })
            .collect()
    }

    fn polyline(&self) -> String {
        let points: Vec<String> = self.dots().iter().map(|d| format!("{},{}", d.x, d.y)).collect();
        points.join(" ")
    }

    /// The dashed line: its y, the y of its name (moved off the last value's), its name.
    fn dashed(&self) -> Option<(String, String, &str)> {
        let (value, name) = self.line.as_ref()?;
        let y = self.y(*value);
        let near = self.last().is_some_and(|(last, _)| last.abs_diff(y) < 140);
        let below = self.last().is_none_or(|(last, _)| last <= y);
        let label = y + 40;
        let label = if !near {
            label
        } else if below {
            label + 120
        } else {
            label - 120
        };
        Some((tenths(y), tenths(label), name))
    }

    /// The last value: its y in tenths and its text.
    fn last(&self) -> Option<(u32, &str)> {
        self.points.iter().rev().find_map(|p| Some((self.y(p.permille?), p.text.as_str())))
    }

    fn last_label(&self) -> Option<(String, &str)> {
        self.last().map(|(y, text)| (tenths(y + 40), text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[Option<u32>]) -> Chart {
        let point = |v: &Option<u32>| Point { label: "1月".into(), permille: *v, ..Point::default() };
        Chart { points: values.iter().map(point).collect(), ..Chart::default() }
    }

    #[test]
    fn the_axis_holds_every_value() {
        for least in [0, 199, 200, 599, 600, 799, 800, 1000] {
            let chart = chart(&[Some(least), Some(1000)]);
            let (low, _) = chart.axis();
            assert!(low <= least);
            assert_eq!((chart.y(low), chart.y(1000)), (BOTTOM * 10, TOP * 10));
        }
    }

    #[test]
    fn gaps_are_left_out_and_one_point_is_no_line() {
        assert!(chart(&[Some(900), None]).is_empty());
        let chart = chart(&[Some(900), None, Some(1000)]);
        assert_eq!(chart.polyline(), "48,74 262,10");
    }

    #[test]
    fn twelve_labels_are_thinned_and_the_last_stays() {
        let chart = chart(&[Some(900); 12]);
        let xs: Vec<String> = chart.labels().into_iter().map(|m| m.x).collect();
        assert_eq!((xs.len(), xs.last().map(String::as_str)), (6, Some("262")));
    }
}
