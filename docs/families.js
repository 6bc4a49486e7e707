/**
 * What docs/FAMILIES.md says in words. `commands` train a model and use it, each behind `npx descent`; recipes of another
 * name than the model's are listed.
 */
export const families = [
  {
    title: 'Autoregressive',
    about: `An image is a sequence of values, and its probability the product of each value's probability given those before
it: log p(x) = Σ log p(x_i | x_<i). Every factor is a softmax (or a mixture of logistics) that a network computes from what
lies above and to the left, so the likelihood is exact and training is plain cross-entropy: it is a language model of
pixels. What has to be arranged is only that no output sees its own pixel or a later one: by masks on convolutions
(PixelCNN), by recurrence (PixelRNN) or by causal attention (image GPT). All pixels of a training image are predicted at
once, but drawing has to go one by one: 784 steps for a digit. What a step has computed is kept, so that only what changes
is computed again. An image can be continued from any upper part. There is no code for an image, and nothing to interpolate.
Strong likelihoods, slow drawing: the family of GPT.`,
    models: [
      {
        name: 'pixel-rnn',
        about: 'Rows of LSTMs that see the whole triangle above a pixel (van den Oord et al. 2016).',
        commands: ['train pixel-rnn --data mnist --out runs/pixel-rnn', 'sample runs/pixel-rnn --n 16'],
      },
      {
        name: 'pixel-cnn',
        about: 'Masked convolutions; parallel in training (van den Oord et al. 2016).',
        commands: ['train pixel-cnn --data mnist --out runs/pixel-cnn', 'sample runs/pixel-cnn --temperature 0.9'],
      },
      {
        name: 'gated-pixel-cnn',
        about: 'Two stacks without a blind spot, gated, told the class where asked (van den Oord et al. 2016).',
        recipes: ['gated-pixel-cnn', 'conditional-pixel-cnn'],
        commands: [
          'train gated-pixel-cnn --data mnist --model.conditional true --out runs/gated-pixel-cnn',
          'sample runs/gated-pixel-cnn --class 7',
          'complete runs/gated-pixel-cnn --keep 0.5 --animate halves.gif',
        ],
      },
      {
        name: 'pixel-cnn-plus-plus',
        about: 'Mixtures of discretised logistics, down and up again with shortcuts (Salimans et al. 2017).',
        commands: [
          'train pixel-cnn-plus-plus --data fashion-mnist --out runs/pixel-cnn-plus-plus',
          'sample runs/pixel-cnn-plus-plus',
          'complete runs/pixel-cnn-plus-plus --samples 4',
        ],
      },
      {
        name: 'image-gpt',
        about:
          "The text models' own GPT over tokens of a palette (Chen et al. 2020); its middle layers know the classes.",
        commands: [
          'train image-gpt --data mnist --model.patch 2 --model.palette 64 --out runs/image-gpt',
          'sample runs/image-gpt',
          'complete runs/image-gpt',
        ],
      },
    ],
  },
  {
    title: 'Auto-encoding',
    about: `An encoder squeezes an image into a short code and a decoder makes the image again. A plain auto-encoder only
reconstructs; a variational one draws the code from q(z | x), pays for every nat by which that differs from p(z), and so
has a bound on the likelihood: log p(x) ≥ E log p(x | z) − KL(q(z | x) ‖ p(z)). Drawing takes one pass of the decoder. Codes
near each other are alike, so that one image turns into another along a line. The bound is loose by as much as q differs
from the true posterior: with many draws (IWAE), or flows for posterior and prior, it comes closer. What the pixels keep
to themselves given z is drawn independently, which is why means of a VAE are soft. A code of entries from a learned
codebook (VQ-VAE) leaves the drawing of codes to another family. A masked auto-encoder (MAE) draws nothing at all: from a
quarter of the patches it guesses the rest, and what its encoder has learnt by that serves other tasks. It is BERT for
images.`,
    models: [
      {
        name: 'autoencoder',
        about: 'A code and back; denoising where its input is made noisy.',
        recipes: ['ae', 'denoising-ae'],
        commands: [
          'train autoencoder --data mnist --out runs/autoencoder',
          'reconstruct runs/autoencoder',
          'train autoencoder --data mnist --model.corruption masking --model.amount 0.5 --out runs/denoising',
        ],
      },
      {
        name: 'vae',
        about: 'Kingma & Welling 2014; with many draws the importance-weighted bound of Burda et al. 2016.',
        recipes: ['vae', 'iwae'],
        commands: [
          'train vae --data mnist --out runs/vae',
          'sample runs/vae',
          'reconstruct runs/vae',
          'interpolate runs/vae --animate walk.gif',
          'train vae --data mnist --model.draws 50 --out runs/iwae',
        ],
      },
      {
        name: 'vae-flow',
        about: 'Flows for the posterior (inverse autoregressive, Kingma et al. 2016) and for the prior.',
        commands: ['train vae-flow --data mnist --out runs/vae-flow', 'sample runs/vae-flow'],
      },
      {
        name: 'vq-vae',
        about: 'Codes from a codebook, and a gated PixelCNN that draws them (van den Oord et al. 2017).',
        commands: ['train vq-vae --data mnist --out runs/vq-vae', 'sample runs/vq-vae', 'reconstruct runs/vq-vae'],
      },
      {
        name: 'mae',
        about: 'He et al. 2022: sees a quarter of the patches.',
        commands: ['train mae --data mnist --out runs/mae', 'reconstruct runs/mae'],
      },
    ],
  },
  {
    title: 'Adversarial',
    about: `Two networks play. A generator makes images from noise; a discriminator tells them from real ones; each learns from
the other's mistakes. Nothing is reconstructed and no probability is computed: there is no likelihood, no bound and no code,
only samples, which come in a single pass and are sharp from early on. The game has no loss that must fall, so it may
circle, or the generator may settle on a few images that always deceive (mode collapse): the figures to watch are how many
of the classes appear, how far fakes lie from each other, and how often the discriminator is right. Much of the family is
about keeping the game fair: the Wasserstein distance with a gradient penalty, spectral normalisation, a penalty on real
images now and then (R1), augmentation that the discriminator cannot see through. A style-based generator adds a space of
styles in which coarse and fine traits can be mixed, and a truncation that trades variety for typicality.`,
    models: [
      {
        name: 'gan',
        about: 'Goodfellow et al. 2014: the original game, and the non-saturating one.',
        commands: ['train gan --data mnist --out runs/gan', 'sample runs/gan'],
      },
      {
        name: 'dcgan',
        about: 'Radford et al. 2016: convolutions all the way.',
        commands: [
          'train dcgan --data mnist --model.condition projection --out runs/dcgan',
          'sample runs/dcgan --class 3',
          'interpolate runs/dcgan --animate walk.gif',
        ],
      },
      {
        name: 'wgan-gp',
        about: 'Gulrajani et al. 2017: a critic whose gradient is held near norm 1.',
        commands: [
          'train wgan-gp --data mnist --model.condition projection --out runs/wgan-gp',
          'sample runs/wgan-gp --class 3',
        ],
      },
      {
        name: 'spectral-gan',
        about: 'Miyato et al. 2018: every layer of the discriminator has the largest singular value 1.',
        commands: [
          'train spectral-gan --data mnist --model.condition projection --out runs/spectral-gan',
          'sample runs/spectral-gan --class 3',
        ],
      },
      {
        name: 'style-gan',
        about: 'Karras et al. 2019 and 2020, at small size.',
        commands: [
          'train style-gan --data fashion-mnist --out runs/style-gan',
          'sample runs/style-gan --truncation 0.7',
          'sample runs/style-gan --mix 6 --out styles.png',
        ],
      },
      {
        name: 'super-resolution-gan',
        about: 'Ledig et al. 2017: enlarges, and is judged by a discriminator.',
        commands: [
          'train super-resolution-gan --data fashion-mnist --out runs/super-resolution-gan',
          'upscale runs/super-resolution-gan fashion-mnist --n 1',
        ],
      },
    ],
  },
  {
    title: 'Flow',
    about: `A flow bends noise into images by steps that can all be taken back, each with a Jacobian whose determinant is cheap.
So the likelihood of an image is exact, log p(x) = log p(f(x)) + log |det ∂f/∂x|, and the same network encodes, decodes and
draws. A coupling leaves half of the numbers as they are and moves the other half by what it computes from the first; learnt
rotations between couplings mix the channels; at each scale half of the channels leave, so that fine detail is told apart
from form. Pixels are whole numbers and a density is not a probability, so noise is added within each grey level (uniform, or
learned), which makes the figure a bound by a hair. Masked autoregressive flows give up fast drawing for strength. Given a
small image, a flow draws large ones that fit it, different ones at each temperature (SRFlow). Everything is invertible, so
nothing may be thrown away: flows need more parameters than others for equally good pictures.`,
    models: [
      {
        name: 'real-nvp',
        about: 'Dinh et al. 2017: checkerboards and channels take turns.',
        commands: ['train real-nvp --data mnist --out runs/real-nvp', 'sample runs/real-nvp --temperature 0.8'],
      },
      {
        name: 'glow',
        about: 'Kingma & Dhariwal 2018: learnt rotations; affine or spline couplings.',
        commands: [
          'train glow --data mnist --model.conditional true --out runs/glow',
          'sample runs/glow --class 7 --temperature 0.7',
          'interpolate runs/glow',
        ],
      },
      {
        name: 'maf',
        about: 'Papamakarios et al. 2017: one pass to judge, many to draw.',
        commands: ['train maf --data mnist --out runs/maf', 'sample runs/maf'],
      },
      {
        name: 'sr-flow',
        about: 'Lugmayr et al. 2020: a conditional Glow that enlarges four times.',
        commands: [
          'train sr-flow --data fashion-mnist --out runs/sr-flow',
          'upscale runs/sr-flow fashion-mnist --n 4 --animate warmer.gif',
        ],
      },
    ],
  },
  {
    title: 'Diffusion',
    about: `Noise is added to an image, a little more at each of many steps, until nothing else is left; a network learns to
take it away. That is one regression: given an image with noise of known strength, say what the image was (or, which comes
to the same, the noise, or a mixture of both). Drawing starts from noise and goes down a list of strengths, and the list, the
number of steps and the rule of a step can be chosen after training: ancestral steps (DDPM), without fresh noise (DDIM, which
can also be run backwards into a code), or better solvers of the same differential equation. The objective weights the terms
of a variational bound, so a likelihood can be bounded too. What an image shall be (its class, a text, a small version of
itself, a map of regions) is given to the network, and guidance exaggerates the difference that it makes. Known pixels are
kept in place to fill in the rest. In the code of an auto-encoder instead of pixels it is latent diffusion, and with text
Stable Diffusion. Stable to train, slow to draw.`,
    models: [
      {
        name: 'ddpm',
        about: 'Ho et al. 2020, Nichol & Dhariwal 2021; drawn in fewer steps by DDIM (Song et al. 2021).',
        recipes: ['ddpm', 'ddim'],
        commands: [
          'train ddpm --data mnist --model.conditional true --out runs/ddpm',
          'sample runs/ddpm --sampler ddpm --steps 1000',
          'sample runs/ddpm --class 7 --sampler ddim --steps 50 --guidance 2 --strip way.gif',
          'inpaint runs/ddpm --mask lower',
        ],
      },
      {
        name: 'edm',
        about: 'Karras et al. 2022: the same with every choice made apart from the others.',
        commands: [
          'train edm --data mnist --model.conditional true --out runs/edm',
          'sample runs/edm --class 7 --sampler heun --steps 18',
        ],
      },
      {
        name: 'guided-diffusion',
        about: 'Told the class, a small image or a map of regions (Dhariwal & Nichol 2021).',
        commands: [
          'train guided-diffusion --data fashion-mnist --out runs/guided-diffusion',
          'sample runs/guided-diffusion --class boot --guidance 2',
          'train guided-diffusion --data fashion-mnist --model.given small --out runs/enlarging',
          'upscale runs/enlarging fashion-mnist',
        ],
      },
      {
        name: 'latent-diffusion',
        about: 'Rombach et al. 2022: in the code of an auto-encoder.',
        commands: [
          'train latent-diffusion --data fashion-mnist --model.conditional true --out runs/latent-diffusion',
          'sample runs/latent-diffusion --class bag --guidance 2',
        ],
      },
    ],
  },
  {
    title: 'Language and image together',
    about: `CLIP learns from pairs of image and caption alone: two encoders, one for each, that agree where a pair belongs
together and disagree otherwise. So images can be found by words, and classified by the names of classes that no label
was ever seen for. Its vectors also bridge generation: DALL-E 2 turns a text's vector into an image's (the prior) and that into
an image (the decoder). Stable Diffusion goes straight: the tokens of the caption are attended to by the network that takes
noise away from the code of an image. [CAPTIONS.md](CAPTIONS.md) tells of captions, and shows emoji drawn from words:

![sixteen red hearts, drawn for "a red heart"](pictures/emoji-red-heart.png)`,
    models: [
      {
        name: 'clip',
        about: 'Radford et al. 2021.',
        commands: [
          'train clip --data my-pictures/ --size 32 --out runs/clip',
          'search runs/clip "red heart"',
          'evaluate runs/clip',
        ],
      },
      {
        name: 'stable-diffusion',
        about: 'Rombach et al. 2022, from text.',
        commands: [
          'train stable-diffusion --data mnist-captions --out runs/stable-diffusion',
          'sample runs/stable-diffusion --text "a slanted handwritten seven" --guidance 2',
        ],
      },
      {
        name: 'dalle2',
        about: 'Ramesh et al. 2022: CLIP, prior, decoder.',
        commands: [
          'train dalle2 --data mnist-captions --out runs/dalle2',
          'sample runs/dalle2 --text "a slanted handwritten seven" "a bold upright three"',
        ],
      },
    ],
  },
];
