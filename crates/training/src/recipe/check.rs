//! Whether a recipe makes a run.

use saswin_model::{Architecture, FileEntry, Window};

use super::{Recipe, RecipeError, Segmentation};

/// An error unless `ok`.
fn need(ok: bool, field: &'static str, requirement: &'static str) -> Result<(), RecipeError> {
    if ok { Ok(()) } else { Err(RecipeError::Field { field, requirement }) }
}

impl Recipe {
    pub(super) fn validate(&self) -> Result<(), RecipeError> {
        self.check_data()?;
        self.check_outputs()?;
        self.check_window()?;
        self.check_optimiser()?;
        self.manifest(vec![placeholder()]).validate()?;
        Ok(())
    }

    fn check_data(&self) -> Result<(), RecipeError> {
        let data = &self.data;
        let range = |[first, last]: [usize; 2]| first >= 1 && first <= last;
        need(range(data.training), "data.training", "must be first and last map, counted from 1")?;
        need(range(data.validation), "data.validation", "must be first and last map, counted from 1")?;
        let [[_, last], [first, end]] = [data.training, data.validation];
        need(
            last < first || end < data.training[0],
            "data.validation",
            "must be other maps than `data.training`",
        )?;
        need((1..=64).contains(&data.batch), "data.batch", "must be 1 to 64")?;
        need((1..=64).contains(&data.threads), "data.threads", "must be 1 to 64")?;
        let sides = |crop: [usize; 3]| crop.iter().all(|s| (32..=192).contains(s) && s % 32 == 0);
        need(sides(data.crop), "data.crop", "must be multiples of 32 up to 192")?;
        if let Some(finish) = data.finish {
            need(sides(finish.crop), "data.finish.crop", "must be multiples of 32 up to 192")?;
            need((0.0..=1.0).contains(&finish.share), "data.finish.share", "must be 0 to 1")?;
        }
        let spacing = self.manifest.preprocessing.spacing_mm;
        need([1.0, 1.5, 2.0].contains(&spacing), "manifest.preprocessing.spacing_mm", "must be 1, 1.5 or 2")?;
        need(
            spacing == 1.0 || data.heads.is_some(),
            "data.heads",
            "must be given for windows of more than 1 mm",
        )?;
        need(data.heads != Some(0), "data.heads", "must be 1 or more")
    }

    fn check_outputs(&self) -> Result<(), RecipeError> {
        let target = self.data.target;
        let decoder = self.architecture.out_channels() > 0;
        let segmentation = self.segmentation != Segmentation::None;
        need(decoder == segmentation, "segmentation", "must be `none` exactly without a decoder")?;
        let mask = self.segmentation != Segmentation::Mask || self.architecture.out_channels() == 1;
        need(mask, "segmentation", "`mask` needs one output channel")?;
        let labels = self.segmentation != Segmentation::Classes
            || self.architecture.out_channels() == target.label_count();
        need(labels, "architecture.out_channels", "must be the number of labels of `data.target`")?;
        let outputs = self.architecture.class_outputs() <= target.output_count();
        need(outputs, "architecture.class_head", "has more outputs than `data.target` has a truth for")?;
        for (name, weights) in
            [("dice_weights", &self.dice_weights), ("entropy_weights", &self.entropy_weights)]
        {
            let fit = weights.len() == self.architecture.out_channels() && weights.iter().all(|w| *w > 0.0);
            let weighed = weights.is_empty() || self.segmentation == Segmentation::Classes && fit;
            need(weighed, name, "needs `classes`, and one positive number for each output channel")?;
        }
        Ok(())
    }

    fn check_window(&self) -> Result<(), RecipeError> {
        let window = self.manifest.preprocessing.window;
        let scaled = "must give values from 0 to 1, as synthetic scans have them";
        need(window != Window::ZScore, "manifest.preprocessing.window", scaled)?;
        let Window::Percentiles { ceiling, .. } = window else { return Ok(()) };
        let same = self.data.synthesis.ceiling == ceiling as f32;
        need(same, "data.synthesis.ceiling", "must be that of the window in the manifest")
    }

    fn check_optimiser(&self) -> Result<(), RecipeError> {
        let rate = self.optimiser.rate;
        need(rate > 0.0 && rate < 1.0, "optimiser.rate", "must be between 0 and 1")?;
        let own = self.optimiser.encoder_rate;
        need(own.is_none_or(|r| r > 0.0 && r < 1.0), "optimiser.encoder_rate", "must be between 0 and 1")?;
        let swin = matches!(self.architecture, Architecture::Swin(_));
        need(own.is_none() || swin, "optimiser.encoder_rate", "is for SA-Swin and Swin UNETR alone")?;
        need(self.init_fresh.is_empty() || own.is_some(), "init_fresh", "needs `optimiser.encoder_rate`")?;
        need((0.0..1.0).contains(&self.optimiser.average), "optimiser.average", "must be 0 up to 1")?;
        need(self.optimiser.clip > 0.0, "optimiser.clip", "must be positive")
    }
}

/// Stands for files while a manifest is checked before there are any.
fn placeholder() -> FileEntry {
    FileEntry::of_floats("weights".to_owned(), &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_learns_z_scores_from_scans_of_0_to_1() {
        let mut recipe: Recipe =
            toml::from_str(include_str!("../../../../models/recipes/head-mr.toml")).unwrap();
        recipe.validate().unwrap();
        recipe.manifest.preprocessing.window = Window::ZScore;
        let error = recipe.validate().unwrap_err();
        assert!(error.to_string().contains("manifest.preprocessing.window"), "{error}");
    }
}
